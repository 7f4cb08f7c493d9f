/** Log records as a collector receives them. */
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../../src/core/telemetry/log-levels.ts";
import { encodeLogs } from "../../../src/core/telemetry/otlp-logs.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const scope = { name: "gateway", version: "1" };

function encode(line: LogLine) {
  const [record] =
    encodeLogs({ "service.name": "g" }, scope, [line], 2000).resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
  const attributes = Object.fromEntries((record?.attributes ?? []).map(({ key, value }) => [key, value]));
  return { ...record, attributes };
}

describe("encodeLogs", () => {
  it("names what MCP's conventions name, and the rest by the gateway", () => {
    const line: LogLine = {
      ...{ level: "warn", log: "mcp", at: 1000, tenantId: "t", method: "tools/call", target: "look" },
      ...{ errorCode: -32_603, durationMs: 1.5, success: false, apiKeyId: null, roles: ["user"] },
    };
    expect(encode(line)).toEqual({
      timeUnixNano: "1000000000",
      observedTimeUnixNano: "2000000000",
      severityNumber: 13,
      severityText: "WARN",
      eventName: "mcp.gateway.mcp",
      body: { stringValue: "tools/call look" },
      attributes: {
        "mcp.gateway.tenant_id": { stringValue: "t" },
        "mcp.method.name": { stringValue: "tools/call" },
        "mcp.target": { stringValue: "look" },
        "gen_ai.tool.name": { stringValue: "look" },
        "rpc.response.status_code": { intValue: "-32603" },
        "mcp.gateway.duration_ms": { doubleValue: 1.5 },
        "mcp.gateway.success": { boolValue: false },
        "mcp.gateway.roles": { stringValue: '["user"]' },
      },
    });
  });

  it.each<[LogLine, string, object]>([
    [
      { level: "info", log: "request", method: "GET", path: "/mcp", statusCode: 200, traceId: TRACE },
      "GET /mcp 200",
      { "http.request.method": { stringValue: "GET" }, "http.response.status_code": { intValue: "200" } },
    ],
    [
      { level: "info", log: "audit", action: "servers.create", resourceType: "server", resourceId: "s" },
      "servers.create server s",
      { "mcp.gateway.action": { stringValue: "servers.create" } },
    ],
    [{ level: "error", log: "system", message: "Job x failed." }, "Job x failed.", {}],
    [{ level: "debug", log: "flag", flagKey: "a", isOn: true }, "a true", {}],
  ])("summarizes %j as %s", (line, body, attributes) => {
    expect(encode(line)).toMatchObject({ body: { stringValue: body }, attributes });
  });

  it("links a record to its trace, and takes the present for one without a time", () => {
    const record = encode({ level: "info", log: "request", traceId: TRACE });
    expect(record).toMatchObject({ traceId: TRACE, timeUnixNano: "2000000000" });
    expect(record.attributes).toEqual({});
  });

  it("removes secrets", () => {
    const line: LogLine = {
      level: "info",
      log: "audit",
      details: { password: "pa55word-1" },
      errorMessage: "Bearer abcdefghijkl",
    };
    expect(JSON.stringify(encode(line))).not.toMatch(/pa55word|abcdefghijkl/);
  });
});
