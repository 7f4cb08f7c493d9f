/** What was refused is on record: audit entries for changes, security events for denials. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { addTenant } from "../api/support.ts";
import { recordingQueue } from "../support/recording-queue.ts";

type Ask = { method?: string; key: string; json?: unknown; ip?: string };

/** The events of one kind that a request leaves behind. */
async function eventsOf(kind: LogEvent["kind"], path: string, ask: Ask): Promise<LogEvent[]> {
  const { queue, events } = recordingQueue(env.EVENTS);
  const context = createExecutionContext();
  const headers = new Headers({ authorization: `Bearer ${ask.key}`, "content-type": "application/json" });
  if (ask.ip !== undefined) headers.set("cf-connecting-ip", ask.ip);
  const body = ask.json === undefined ? null : JSON.stringify(ask.json);
  const request = new Request(`${env.PUBLIC_URL}/api/v1${path}`, {
    method: ask.method ?? "GET",
    headers,
    body,
  });
  await (await createApp().fetch(request, { ...env, EVENTS: queue }, context)).text();
  await waitOnExecutionContext(context);
  return events.filter((event) => event.kind === kind);
}

describe("a refused change", () => {
  it("is in the audit log with the reason, for a missing permission as for a wrong body", async () => {
    const tenant = await addTenant("refused");
    const user = await tenant.addKey({ role: "user" });
    const admin = await tenant.addKey();
    const server = await tenant.addServer("files");
    await eventsOf("security", `/servers/${server}`, { method: "DELETE", key: user.text });
    await eventsOf("security", "/servers", { method: "POST", key: admin.text, json: { name: 7 } });
    expect(await tenant.audit()).toMatchObject([
      {
        action: "servers.delete",
        success: false,
        resource_type: "server",
        resource_id: server,
        user_id: user.userId,
        api_key_id: user.id,
        error_message: "Requires role admin (servers.delete).",
        details: { status: 403, code: "forbidden" },
      },
      { action: "servers.create", success: false, resource_type: "server", details: { status: 400 } },
    ]);
  });
});

describe("a security event", () => {
  it("records a denial, with principal and object", async () => {
    const tenant = await addTenant("denied");
    const key = await tenant.addKey({ role: "readonly" });
    const events = await eventsOf("security", "/audit-logs", { key: key.text, ip: "203.0.113.5" });
    expect(events).toMatchObject([
      {
        eventType: "access.denied",
        tenantId: tenant.id,
        userId: key.userId,
        ipAddress: "203.0.113.5",
        details: { action: "audit-logs.list" },
      },
    ]);
  });

  it("records an attempt on another tenant's object, and not an unknown id", async () => {
    const [tenant, other] = [await addTenant("one"), await addTenant("other")];
    const { text: key } = await tenant.addKey();
    const foreign = await other.addServer("theirs");
    expect(await eventsOf("security", `/servers/${foreign}`, { key })).toMatchObject([
      {
        eventType: "access.foreign-object",
        severity: "high",
        tenantId: null,
        details: { tenantId: tenant.id },
      },
    ]);
    expect(await eventsOf("security", `/servers/${crypto.randomUUID()}`, { key })).toEqual([]);
  });

  it("is not made for what the caller gets wrong, and neither is an error", async () => {
    const { text: key } = await (await addTenant("wrong")).addKey();
    expect(await eventsOf("security", "/servers", { method: "POST", key, json: {} })).toEqual([]);
  });
});
