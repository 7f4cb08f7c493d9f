/** The application log as a second receiver of events. */
import { expect, it } from "vitest";
import { EVENT_VERSION } from "../../src/logs/event-version.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { consoleObserver } from "../../src/logs/observers.ts";
import { createSecurityEvent } from "../../src/logs/security-event.ts";
import { requestEvent } from "./support.ts";

const call: LogEvent = {
  ...{
    v: EVENT_VERSION,
    kind: "mcp",
    id: crypto.randomUUID(),
    at: 0,
    tenantId: "t1",
    requestId: "r1",
    roles: ["user"],
  },
  ...{ method: "tools/call", target: "look", success: false, durationMs: 5 },
};

const OFF = { requests: false, mcp: false, events: false, level: "info" } as const;

it("writes a line of JSON for each MCP operation of a tenant that enables it, and none for others", () => {
  const lines: string[] = [];
  const observe = consoleObserver(
    (tenantId) => ({ ...OFF, mcp: tenantId === "t1" }),
    (_level, line) => lines.push(line),
  );
  observe(call);
  observe({ ...call, tenantId: "t2" });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      log: "mcp",
      level: "warn",
      method: "tools/call",
      target: "look",
      tenantId: "t1",
    }),
  ]);
});

const request = requestEvent("t1", { statusCode: 503 });
const system: LogEvent = {
  ...{ v: EVENT_VERSION, kind: "system", id: crypto.randomUUID(), at: 0, tenantId: "t1", source: "jobs" },
  ...{ eventType: "job.failed", severity: "high", message: "Job x failed." },
};
const flag: LogEvent = {
  ...{ v: EVENT_VERSION, kind: "flag", id: crypto.randomUUID(), at: 0, tenantId: "t1", flagKey: "a" },
  ...{ subjectId: "u", isOn: true, reason: "percentage" },
};
/** The job record-lines writes these. */
const security = createSecurityEvent({ type: "key.blocked", at: 0, tenantId: "t1", description: "x" });

it.each([
  ["requests", "debug", ["request error"]],
  ["mcp", "debug", ["mcp info", "mcp warn"]],
  ["mcp", "warn", ["mcp warn"]],
  ["events", "debug", ["system error", "flag debug"]],
  ["events", "info", ["system error"]],
  ["requests", "error", ["request error"]],
] as const)("with %s from %s on writes %j", (setting, level, expected) => {
  const lines: string[] = [];
  const observe = consoleObserver(
    () => ({ ...OFF, [setting]: true, level }),
    (_level, line) => lines.push(line),
  );
  for (const event of [request, { ...call, success: true }, call, system, flag, security]) observe(event);
  expect(lines.map((line) => JSON.parse(line)).map((line) => `${line.log} ${line.level}`)).toEqual(expected);
});
