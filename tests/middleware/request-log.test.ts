/** Requests to the REST API, pages and the registry are logged with principal and outcome. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { logEventSchema } from "../../src/logs/event-schema.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { markInternal } from "../../src/middleware/internal-requests.ts";
import { addTenant } from "../api/support.ts";
import { recordingQueue } from "../support/recording-queue.ts";

async function reported(request: Request): Promise<LogEvent[]> {
  const { queue, events } = recordingQueue(env.EVENTS);
  const context = createExecutionContext();
  const answer = await createApp().fetch(request, { ...env, EVENTS: queue }, context);
  await answer.text();
  await waitOnExecutionContext(context);
  for (const event of events) expect(logEventSchema.safeParse(event).error).toBeUndefined();
  // The isolate's own events are not counted.
  return events.filter(({ kind }) => kind === "request" || kind === "error");
}

const to = (path: string, init?: RequestInit) => new Request(`${env.PUBLIC_URL}${path}`, init);

describe("a request", () => {
  it("to REST is recorded with its caller, and without the values of its query", async () => {
    const tenant = await addTenant("told");
    const key = await tenant.addKey();
    const headers = {
      authorization: `Bearer ${key.text}`,
      "user-agent": "gateway-cli/2.1 (linux)",
      "cf-connecting-ip": "203.0.113.9",
    };
    const [event, ...more] = await reported(to("/api/v1/servers?q=secret", { headers }));
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      kind: "request",
      tenantId: tenant.id,
      userId: key.userId,
      apiKeyId: key.id,
      method: "GET",
      path: "/api/v1/servers",
      statusCode: 200,
      clientName: "gateway-cli",
      ipAddress: "203.0.113.9",
    });
    expect(JSON.stringify(event)).not.toContain("secret");
  });

  it("without a credential is recorded with the reason of its refusal", async () => {
    const [event] = await reported(to("/api/v1/servers"));
    expect(event).toMatchObject({ tenantId: null, statusCode: 401, errorCode: "unauthorized" });
  });

  it("by session is recorded with its user", async () => {
    const tenant = await addTenant("told");
    const headers = await tenant.addOperator();
    const [event] = await reported(to("/account", { headers }));
    expect(event).toMatchObject({ tenantId: tenant.id, path: "/account", statusCode: 200 });
    expect(event).toHaveProperty("userId", expect.any(String));
  });

  it("that fails on our side leaves an error behind as well", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { text } = await (await addTenant("told")).addKey();
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no route to host")));
    const events = await reported(to("/api/v1/servers", { headers: { "x-api-key": text } }));
    vi.unstubAllGlobals();
    expect(events.map(({ kind }) => kind)).toEqual(["request", "error"]);
    expect(events[1]).toMatchObject({
      code: "database_unavailable",
      source: "gateway",
      severity: "critical",
    });
  });

  it("that is no JSON is the caller's mistake, and no error of ours", async () => {
    const { text } = await (await addTenant("told")).addKey();
    const headers = { "x-api-key": text, "content-type": "application/json" };
    const events = await reported(to("/api/v1/servers", { method: "POST", headers, body: "{" }));
    expect(events).toMatchObject([{ kind: "request", statusCode: 400, errorCode: "bad_request" }]);
  });

  it("to a private registry is recorded without its address", async () => {
    const [event] = await reported(to(`/r/r_${"a".repeat(43)}/v0.1/servers`));
    expect(event).toMatchObject({ path: "/r/[private]/v0.1/servers", statusCode: 404 });
  });

  it("for a style sheet, of a load balancer, or within another one is not recorded", async () => {
    expect(await reported(to("/assets/gateway.css"))).toEqual([]);
    expect(await reported(to("/healthz"))).toEqual([]);
    expect(await reported(markInternal(to("/api/v1/servers")))).toEqual([]);
  });
});
