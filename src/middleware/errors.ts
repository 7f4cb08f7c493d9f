/** The one mapper from failures to answers: RFC 9457 problem+json. What the caller must not see goes to the log. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import {
  ConfigurationError,
  errorHeaders,
  ForbiddenError,
  findGatewayError,
  GatewayError,
  type InputIssue,
  InvalidInputError,
  MethodNotAllowedError,
  type MissingPermission,
  NotFoundError,
} from "../core/errors.ts";
import { logFailure } from "../logs/log-failure.ts";
import type { AppEnv } from "./app-env.ts";

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  /** What is wrong with the input, all of it. */
  readonly errors?: readonly InputIssue[];
  /** What the caller lacks. */
  readonly missing?: MissingPermission;
  /** Where clients of the official registry look for what went wrong. */
  readonly error?: string;
}

/** `allowed`: the methods that the address takes; none where it is no address of ours. */
export function notFound(c: Context<AppEnv>, allowed: readonly string[]): Response {
  return problem(
    c,
    allowed.length === 0 ? new NotFoundError() : new MethodNotAllowedError(c.req.method, allowed),
  );
}

/** Names a failure as one of ours; what Hono refuses by itself (a body that is not JSON) is the caller's mistake. */
export function describeError(thrown: Error): GatewayError {
  return thrown instanceof HTTPException && thrown.status < 500
    ? new GatewayError("bad_request", thrown.message)
    : findGatewayError(thrown);
}

export function onError(thrown: Error, c: Context<AppEnv>): Response {
  const error = describeError(thrown);
  if (thrown instanceof HTTPException && thrown.status < 500) return problem(c, error, thrown.status);
  if (error.status >= 500) {
    logFailure(error, { requestId: c.get("requestId"), method: c.req.method, path: c.req.path });
  }
  return problem(
    c,
    error instanceof ConfigurationError ? new GatewayError("configuration", UNCONFIGURED) : error,
  );
}

/** Which variables are missing is for the operator's log, not for the public. */
const UNCONFIGURED =
  "Variables of the gateway are missing or invalid. The operator can find them in the Worker log.";

function problem(c: Context<AppEnv>, error: GatewayError, status = error.status): Response {
  const body: Problem = {
    type: "about:blank",
    title: error.title,
    status,
    detail: error.message,
    code: error.code,
    requestId: c.get("requestId"),
    ...(error instanceof InvalidInputError && { errors: error.errors }),
    ...(error instanceof ForbiddenError && { missing: error.missing }),
    ...(c.req.path.startsWith("/r/") && { error: error.message }),
  };
  const challenge = authenticationChallenge(error);
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...errorHeaders(error),
      ...(challenge !== undefined && { "www-authenticate": challenge }),
    },
  });
}

/** RFC 6750 §3: what to come back with. */
function authenticationChallenge(error: GatewayError): string | undefined {
  if (error.code === "unauthorized") return "Bearer";
  if (!(error instanceof ForbiddenError) || error.missing.scope === undefined) return undefined;
  return `Bearer error="insufficient_scope", scope="${error.missing.scope}"`;
}
