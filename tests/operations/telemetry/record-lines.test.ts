/** Audit entries and security events in the application log, as they were committed. */
import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "../../../src/core/durations.ts";
import { SEVERITY_LEVELS } from "../../../src/core/telemetry/log-levels.ts";
import { recordSecurityEvent } from "../../../src/db/queries/logs/security.ts";
import { writeRecordLines } from "../../../src/operations/telemetry/record-lines.ts";
import { addTenant, call, type TestTenant } from "../../api/support.ts";
import { database, owner } from "../../support/database.ts";
import { startCollector } from "./collector.ts";

const collector = startCollector();

type Line = Record<string, unknown>;

/** The lines of the minute that the tenant's record of this kind was written in. */
async function linesOf(tenant: TestTenant, table: "audit_logs" | "security_events"): Promise<Line[]> {
  const [row] = await owner.query(
    `select max(timestamp) as at from ${table} where tenant_id = $1 and timestamp > now() - interval '1 minute'`,
    [tenant.id],
  );
  const at = new Date(String(row?.at)).getTime();
  const lines: Line[] = [];
  await writeRecordLines(collector.deps, new Date(at + 2 * MINUTE_MS), (_level, text) =>
    lines.push(JSON.parse(text)),
  );
  return lines.filter(({ tenantId }) => tenantId === tenant.id);
}

const set = async (tenant: TestTenant, key: string, value: unknown) =>
  call("POST", "/configs", { key: (await tenant.addKey()).text, json: { key, value } });

describe("the job record-lines", () => {
  it("writes a tenant's audit entries where it enables them, rejected changes as warnings", async () => {
    const [tenant, other] = [await addTenant("lines"), await addTenant("lines")];
    await set(tenant, "logging.console.audit", true);
    await set(other, "logging.console.security", true);
    const json = { key: "a-flag", name: "Secret ghp_abcdefghijklmnopqrstuvwxyz0123456789" };
    const created = await call("POST", "/feature-flags", { key: (await tenant.addKey()).text, json });
    expect(created.status).toBe(201);
    const again = await call("POST", "/feature-flags", { key: (await tenant.addKey()).text, json });
    expect(again.status).toBe(409);
    const lines = await linesOf(tenant, "audit_logs");
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "warn", action: "feature-flags.create", success: false }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ log: "audit", level: "info", action: "feature-flags.create", success: true }),
    );
    expect(lines.find(({ action }) => action === "feature-flags.create")).toHaveProperty("requestId");
    expect(JSON.stringify(lines)).not.toContain("ghp_");
    expect(await linesOf(other, "audit_logs")).toEqual([]);
  });

  it("writes security events with the level of their severity, from the tenant's own log level on", async () => {
    const tenant = await addTenant("lines");
    await set(tenant, "logging.console.security", true);
    const description = "An address was blocked.";
    await recordSecurityEvent(database.asSystem(), { type: "key.blocked", tenantId: tenant.id, description });
    const [row] = await owner.query("select severity from security_events where tenant_id = $1", [tenant.id]);
    expect(Object.keys(SEVERITY_LEVELS)).toContain(row?.severity);
    expect(await linesOf(tenant, "security_events")).toContainEqual(
      expect.objectContaining({ log: "security", eventType: "key.blocked", description }),
    );
    await set(tenant, "logging.level", "error");
    const isError = row?.severity === "high" || row?.severity === "critical";
    expect(await linesOf(tenant, "security_events")).toHaveLength(isError ? 1 : 0);
  });

  it("sends both to the collector of a tenant that enables it", async () => {
    const tenant = await addTenant("lines");
    const endpoint = `https://${tenant.id}.collector.example`;
    await set(tenant, "telemetry.otlp.endpoint", endpoint);
    await set(tenant, "telemetry.logs.level", "info");
    expect(await linesOf(tenant, "audit_logs")).toEqual([]);
    const [posted] = collector.postedTo(endpoint);
    expect(posted?.body.resourceLogs[0].scopeLogs[0].logRecords).toContainEqual(
      expect.objectContaining({ eventName: "mcp.gateway.audit", severityText: "INFO" }),
    );
  });

  it("rejects a level that does not exist", async () => {
    const tenant = await addTenant("lines");
    const response = await set(tenant, "logging.level", "loud");
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({
      errors: [{ path: "/value", message: "must be one of debug, info, warn, error" }],
    });
  });
});
