/**
 * Compares what a caller received, what was recorded of the request and what reached the upstreams with what a policy
 * promises, field by field, so that a failing cell reports all of its differences at once.
 */
import { setTimeout as pause } from "node:timers/promises";
import { expect, vi } from "vitest";
import type { Answer } from "../../fixtures/policy-clients.ts";
import { isSessionHeld } from "./cells.ts";
import type { Records } from "./logs.ts";
import type { Setting } from "./setting.ts";

/** The gateway's own errors: their JSON-RPC code, and their HTTP status where the answer is plain HTTP. */
const ERRORS = {
  too_many_requests: { code: -31429, status: 429 },
  budget_exceeded: { code: -31430, status: 429 },
  cancelled: { code: -31499, status: 503 },
  upstream_unreachable: { code: -31502, status: 502 },
  upstream_timeout: { code: -31504, status: 504 },
  upstream_closed: { code: -31508, status: 503 },
  maintenance: { code: -31509, status: 503 },
} as const;

export type GatewayErrorName = keyof typeof ERRORS;

type Fact = string | number | boolean | null | undefined;

export type Facts = Readonly<Record<string, Fact>>;

export interface Operation {
  readonly method: "tools/call" | "resources/read" | "prompts/get";
  readonly target: string;
}

export const toolCall = (target: string): Operation => ({ method: "tools/call", target });

const LOOK_INTERVAL_MS = 400;
/** How long records may take, and how long the others may take once the request's own is there. */
const RECORDS_TIMEOUT_MS = 30_000;
const REST_TIMEOUT_MS = 4_000;

/** Waits until everything is as expected: records are written after the answer. */
export async function expectFacts(
  setting: Setting,
  answer: Answer,
  operation: Operation,
  expected: Facts,
): Promise<void> {
  const startedAt = Date.now();
  let writtenAt: number | undefined;
  for (;;) {
    const records = await setting.logs.of(answer.requestId);
    const observed = factsOf(setting, answer, records, operation);
    const differences = Object.entries(expected)
      .filter(([name, value]) => observed[name] !== value)
      .map(([name, value]) => `${name} is ${String(observed[name])}, expected ${String(value)}`);
    if (differences.length === 0) return;
    if (records.requests.length > 0) writtenAt ??= Date.now();
    const isLate = Date.now() - startedAt > RECORDS_TIMEOUT_MS;
    if (isLate || (writtenAt !== undefined && Date.now() - writtenAt > REST_TIMEOUT_MS)) {
      expect.fail(`${operation.target}: ${differences.join("; ")}`);
    }
    await pause(LOOK_INTERVAL_MS);
  }
}

function factsOf(setting: Setting, answer: Answer, records: Records, { method }: Operation): Facts {
  const nameOf = (serverId: string | null | undefined) =>
    setting.servers[setting.serverIds.indexOf(serverId ?? "")]?.name ?? serverId;
  const { message } = answer;
  const [request] = records.requests;
  const audits = records.audits.filter((row) => row.method === method);
  const [audit] = audits;
  const [error] = records.errors;
  return {
    "answer code": message.error?.code,
    "answer text": message.error?.message,
    "answer has its id": message.id != null,
    "answer is a result": message.result !== undefined,
    "answer is a tool error": message.result?.isError === true,
    "answer status": answer.status,
    "answer has Retry-After": answer.retryAfter !== null,
    "request_logs rows": records.requests.length,
    "request_logs mcp_method": request?.mcp_method,
    "request_logs tool_name": request?.tool_name,
    "request_logs server": nameOf(request?.target_server_id),
    "request_logs status_code": request?.status_code,
    "request_logs error_code": request?.error_code,
    "request_logs has an error_code": request?.error_code != null,
    "mcp_audit_logs rows": audits.length,
    "mcp_audit_logs target": audit?.target,
    "mcp_audit_logs server": nameOf(audit?.server_id),
    "mcp_audit_logs success": audit?.success,
    "mcp_audit_logs error_code": audit?.error_code,
    "mcp_audit_logs cost": audit?.cost,
    "error_logs rows": records.errors.length,
    "error_logs code": error?.code,
    "error_logs severity": error?.severity,
    "error_logs server": nameOf(error?.server_id),
    "security_events exist": records.security.length > 0,
    ...Object.fromEntries(
      setting.servers.map(({ name, operations }) => [`reached ${name}`, operations.join(" ")]),
    ),
  };
}

/** Responses on a session's stream have the status of the stream, whatever their content. */
export function statusFor(setting: Setting, answer: Answer, plain: number): number {
  if (setting.cell.client === "2024-11-05") return 202;
  return isSessionHeld(setting.cell) || answer.isStream ? 200 : plain;
}

const recorded = (answer: Answer, { method, target }: Operation, server = "first"): Facts => ({
  "answer has its id": true,
  "request_logs rows": 1,
  "request_logs mcp_method": method,
  "request_logs tool_name": method === "tools/call" ? target : null,
  "request_logs server": server,
  "request_logs status_code": answer.status,
  "mcp_audit_logs rows": 1,
  "mcp_audit_logs target": target,
  "mcp_audit_logs server": server,
});

/** A call that the upstream answered with a result. */
export const succeeded = (
  setting: Setting,
  answer: Answer,
  operation: Operation,
  server?: string,
): Facts => ({
  ...recorded(answer, operation, server),
  "answer is a result": true,
  "answer status": statusFor(setting, answer, 200),
  "request_logs error_code": null,
  "mcp_audit_logs success": true,
  "mcp_audit_logs error_code": null,
});

/** A call that failed with an error of the gateway's own. */
export function failed(
  setting: Setting,
  answer: Answer,
  operation: Operation,
  error: GatewayErrorName,
): Facts {
  const { code, status } = ERRORS[error];
  return {
    ...recorded(answer, operation),
    "answer code": code,
    "answer status": statusFor(setting, answer, status),
    "request_logs error_code": error,
    "mcp_audit_logs success": false,
    "mcp_audit_logs error_code": code,
  };
}

/** A failure of the upstream's is in error_logs as well. */
export const failedUpstream = (
  setting: Setting,
  answer: Answer,
  operation: Operation,
  error: GatewayErrorName,
): Facts => ({
  ...failed(setting, answer, operation, error),
  "error_logs rows": 1,
  "error_logs code": error,
  "error_logs severity": "medium",
  "error_logs server": "first",
});

const FORBIDDEN = -31403;

/** A target that the caller may not use looks like one that is unknown; the records contain the reason. */
export const denied = (answer: Answer, { method, target }: Operation, code: number, text: string): Facts => ({
  "answer has its id": true,
  "answer code": code,
  "answer text": `${text}: ${target}`,
  "request_logs rows": 1,
  "request_logs mcp_method": method,
  "request_logs status_code": answer.status,
  "request_logs has an error_code": true,
  "mcp_audit_logs rows": 1,
  "mcp_audit_logs target": target,
  "mcp_audit_logs success": false,
  "mcp_audit_logs error_code": FORBIDDEN,
  "error_logs rows": 0,
  "security_events exist": true,
  "reached first": "",
});

export async function expectTransitions(setting: Setting, expected: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await setting.logs.transitions(setting.serverId), "breaker transitions").toEqual(expected);
    },
    { timeout: 20_000, interval: LOOK_INTERVAL_MS },
  );
}
