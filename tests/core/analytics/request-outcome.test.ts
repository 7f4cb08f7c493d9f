/** The definition of a failed request, in all cases of its two inputs. */
import { expect, it } from "vitest";
import { classifyRequest } from "../../../src/core/analytics/request-outcome.ts";

it.each([
  [200, null, "success"],
  [202, null, "success"],
  [304, null, "success"],
  [200, "tool_error", "error"],
  [200, "rpc_error", "error"],
  [404, null, "error"],
  [429, "too_many_requests", "error"],
  [502, "upstream_timeout", "error"],
] as const)("takes a request with status %i and error code %s for a %s", (statusCode, errorCode, outcome) => {
  expect(classifyRequest({ statusCode, errorCode })).toBe(outcome);
});
