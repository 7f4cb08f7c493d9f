/**
 * The policy matrix: every policy holds for every client revision, every kind of server and both endpoints. The cells
 * are generated; one that cannot exist is listed with its reason. All cells share one gateway, hence one file.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { access } from "./access.ts";
import { breakers } from "./breakers.ts";
import { calls } from "./calls.ts";
import { COMBINATIONS, type PolicyGroup, reasonAgainst } from "./cells.ts";
import { routing } from "./routing.ts";
import { closeMatrix, openMatrix } from "./setting.ts";

// Most of a cell's time is spent waiting.
vi.setConfig({ maxConcurrency: 16, testTimeout: 180_000 });

beforeAll(openMatrix);
afterAll(closeMatrix);

const GROUPS: Readonly<Record<string, PolicyGroup>> = { routing, breakers, access, calls };
const POLICIES = Object.values(GROUPS).flatMap((group) => Object.keys(group));

for (const [group, policies] of Object.entries(GROUPS)) {
  for (const [policy, check] of Object.entries(policies)) {
    describe.concurrent(`${group}: ${policy}`, () => {
      for (const cell of COMBINATIONS.filter((one) => reasonAgainst(policy, one) === undefined)) {
        it(`${cell.client} client, ${cell.server} server, ${cell.endpoint}`, () => check(cell));
      }
    });
  }
}

it("has every cell but those that cannot exist", () => {
  const missing = POLICIES.flatMap((policy) =>
    COMBINATIONS.flatMap((cell) => {
      const reason = reasonAgainst(policy, cell);
      return reason === undefined ? [] : [`${policy}, ${cell.server}, ${cell.endpoint}: ${reason}`];
    }),
  );
  const named = "the URL names the server, so that no rule, strategy or failover leads to another one";
  const statusless = "a WebSocket message is answered without an HTTP status";
  const routed = ["round robin", "failover when dead", "failover when 500"];
  expect(new Set(missing)).toEqual(
    new Set([
      ...routed.flatMap((policy) =>
        ["legacy HTTP", "modern HTTP", "HTTP+SSE", "WebSocket"].map(
          (server) => `${policy}, ${server}, server endpoint: ${named}`,
        ),
      ),
      `failover when 500, WebSocket, aggregated endpoint: ${statusless}`,
      `breaker opens on 5xx, WebSocket, server endpoint: ${statusless}`,
      `breaker opens on 5xx, WebSocket, aggregated endpoint: ${statusless}`,
    ]),
  );
});
