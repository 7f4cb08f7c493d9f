/** Records at the collectors of tenants, after they were written to the database. */
import { expect, it } from "vitest";
import { consumeEvents } from "../../../src/logs/consumer.ts";
import { createEventExporter } from "../../../src/operations/telemetry/export-logs.ts";
import { callEvent, delivered, requestEvent } from "../../logs/support.ts";
import { newTenant, owner } from "../../support/database.ts";
import { startCollector } from "./collector.ts";

async function addTenant(settings: Record<string, unknown>): Promise<string> {
  const tenantId = await newTenant("logs");
  for (const [key, value] of Object.entries(settings)) {
    await owner.query(
      "insert into system_configs (tenant_id, key, value, is_sensitive) values ($1, $2, $3, $4)",
      [...[tenantId, key, JSON.stringify(value), key.endsWith("authorization")]],
    );
  }
  return tenantId;
}

const ENDPOINT = "https://logs.collector.example";

it("sends the records of a tenant from its level on, with its own secret, and never to a private address", async () => {
  const settings = { "telemetry.otlp.endpoint": ENDPOINT, "telemetry.otlp.authorization": { sealed: "s" } };
  const tenantId = await addTenant({ ...settings, "telemetry.logs.level": "warn" });
  const off = await addTenant({ ...settings, "telemetry.otlp.endpoint": `${ENDPOINT}/off` });
  const hidden = await addTenant({
    "telemetry.otlp.endpoint": "https://10.0.0.1",
    "telemetry.logs.level": "debug",
  });
  const { deps, postedTo } = startCollector();
  const failed = callEvent(tenantId, {
    success: false,
    method: "tools/call",
    target: "look",
    errorCode: -32_603,
  });
  const events = [callEvent(tenantId), failed, callEvent(off), callEvent(hidden), requestEvent(null)];
  const message = delivered({ events });
  await consumeEvents([message], deps.database, createEventExporter(deps, Date.now));
  expect(message.fate).toBe("acked");
  const posted = postedTo("https://");
  expect(posted.map(({ url }) => url)).toEqual([`${ENDPOINT}/v1/logs`]);
  expect(posted[0]?.authorization).toBe(`opened ${tenantId} s`);
  expect(posted[0]?.body.resourceLogs[0].scopeLogs[0].logRecords).toEqual([
    expect.objectContaining({ severityText: "WARN", body: { stringValue: "tools/call look" } }),
  ]);
  const [row] = await owner.query("select count(*)::int as n from mcp_audit_logs where tenant_id = $1", [
    tenantId,
  ]);
  expect(row?.n).toBe(2);
});
