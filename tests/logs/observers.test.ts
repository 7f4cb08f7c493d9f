/** The application log as a second receiver of events. */
import { expect, it } from "vitest";
import { EVENT_VERSION } from "../../src/logs/event-version.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { consoleObserver } from "../../src/logs/observers.ts";

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

it("writes a line of JSON for each MCP operation of a tenant that enables it, and none for others", () => {
  const lines: string[] = [];
  const observe = consoleObserver(
    (tenantId) => ({ requests: false, mcp: tenantId === "t1" }),
    (line) => lines.push(line),
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
