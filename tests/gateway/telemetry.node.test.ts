/** Traces as a collector gets them, flags as callers feel them, and lines as the console shows them: through the real gateway. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/access/api-key.ts";
import { Keyring } from "../../src/core/keyring.ts";
import { sealSetting } from "../../src/policy/settings.ts";
import {
  databaseOfThisRun,
  KEYS,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../fixtures/gateway.ts";
import { answerJson, type Recorder, startRecorder } from "../fixtures/recorder.ts";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

let gateway: TestGateway;
let upstream: Recorder;
const received: { authorization: string | undefined; spans: Span[] }[] = [];
const collector = createServer(async (request, response) => {
  let text = "";
  for await (const piece of request) text += piece;
  const spans = JSON.parse(text).resourceSpans.flatMap((of: { scopeSpans: { spans: Span[] }[] }) =>
    of.scopeSpans.flatMap((each) => each.spans),
  );
  received.push({ authorization: request.headers.authorization, spans });
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
let collectorUrl = "";
const db = new pg.Client({ connectionString: databaseOfThisRun().ownerUrl });

beforeAll(async () => {
  await db.connect();
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const address = collector.address();
  collectorUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  gateway = await startGateway(databaseOfThisRun(), { REQUEST_LINES: "on" });
  upstream = await startRecorder();
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  collector.close();
  await db.end();
});

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

function call(tenant: TestTenant, headers: Record<string, string> = {}, accept = "application/json") {
  return fetch(`${gateway.url}/mcp/one`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept,
      "mcp-protocol-version": "2025-11-25",
      authorization: `Bearer ${tenant.apiKey}`,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "look" } }),
  });
}

const set = (tenant: TestTenant, key: string, value: unknown) =>
  db.query("insert into system_configs (tenant_id, key, value, is_sensitive) values ($1, $2, $3, $4)", [
    tenant.id,
    key,
    JSON.stringify(value),
    key.endsWith("authorization"),
  ]);

const lines = () =>
  readFileSync(gateway.logFile, "utf8")
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));

describe("a tenant with a collector", () => {
  it("gets each request's spans under the caller's trace, and so does the server", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    await set(tenant, "telemetry.otlp.endpoint", collectorUrl);
    const place = { tenantId: tenant.id, key: "telemetry.otlp.authorization" };
    await set(tenant, place.key, await sealSetting(new Keyring(KEYS), place, "Bearer collector"));
    upstream.behave(answerJson({ jsonrpc: "2.0", id: 1, result: { content: [] } }));
    upstream.requests.length = 0;
    await (await call(tenant, { traceparent: PARENT })).text();
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
    const [{ authorization, spans } = { authorization: "", spans: [] }] = received;
    expect(authorization).toBe("Bearer collector");
    expect(spans.map(({ name }) => name).sort()).toEqual([
      "identity",
      "lease",
      "policy",
      "tools/call",
      "upstream",
    ]);
    const root = spans.find(({ name }) => name === "tools/call");
    expect(root).toMatchObject({ traceId: TRACE, parentSpanId: "b7ad6b7169203331" });
    for (const span of spans.filter((each) => each !== root)) {
      expect(span).toMatchObject({ traceId: TRACE, parentSpanId: root?.spanId });
      expect(BigInt(span.startTimeUnixNano) >= BigInt(root?.startTimeUnixNano ?? 0)).toBe(true);
      expect(BigInt(span.endTimeUnixNano) <= BigInt(root?.endTimeUnixNano ?? 0)).toBe(true);
    }
    const asked = spans.find(({ name }) => name === "upstream");
    expect(upstream.requests[0]?.headers.traceparent).toBe(`00-${TRACE}-${asked?.spanId}-01`);
    expect(root?.attributes).toContainEqual({ key: "mcp.target", value: { stringValue: "look" } });
  });

  it("that samples nothing gets what the caller itself has sampled", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    await set(tenant, "telemetry.otlp.endpoint", collectorUrl);
    await set(tenant, "telemetry.traces.sample", 0);
    received.length = 0;
    upstream.requests.length = 0;
    const unsampled = PARENT.replace(/01$/, "00");
    await (await call(tenant, { traceparent: unsampled })).text();
    await (await call(tenant, { traceparent: PARENT })).text();
    await expect.poll(() => received.flatMap(({ spans }) => spans).length, { timeout: 10_000 }).toBe(5);
    expect(upstream.requests[0]?.headers.traceparent).toBe(unsampled);
  });
});

it("without one nothing is sent, and the caller's header crosses as it is", async () => {
  const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
  received.length = 0;
  upstream.requests.length = 0;
  await (await call(tenant, { traceparent: PARENT })).text();
  expect(upstream.requests[0]?.headers.traceparent).toBe(PARENT);
  await wait(300);
  expect(received).toEqual([]);
});

it("writes a line a request on the console where that is enabled", async () => {
  const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
  await (await call(tenant)).text();
  await (await fetch(`${gateway.url}/api/v1/me`, { headers: { "x-api-key": tenant.apiKey } })).text();
  await expect
    .poll(lines)
    .toContainEqual(
      expect.objectContaining({ tenantId: tenant.id, path: "/mcp/one", toolName: "look", statusCode: 200 }),
    );
  await expect.poll(lines).toContainEqual(expect.objectContaining({ path: "/api/v1/me", statusCode: 200 }));
});

it("writes a tenant's MCP operations where it enables them, and nothing below its own log level", async () => {
  const [tenant, quiet] = [await gateway.addTenant(), await gateway.addTenant()];
  await set(tenant, "logging.console.mcp", true);
  await set(quiet, "logging.level", "error");
  const me = (apiKey: string) => fetch(`${gateway.url}/api/v1/me`, { headers: { "x-api-key": apiKey } });
  await (await me(quiet.apiKey)).text();
  await (await call(tenant)).text();
  await (await me(tenant.apiKey)).text();
  await expect
    .poll(lines)
    .toContainEqual(
      expect.objectContaining({ log: "mcp", level: "warn", tenantId: tenant.id, target: "look" }),
    );
  await expect
    .poll(lines)
    .toContainEqual(expect.objectContaining({ path: "/api/v1/me", tenantId: tenant.id }));
  expect(lines().filter(({ tenantId }) => tenantId === quiet.id)).toEqual([]);
});

describe("a flag", () => {
  it("disables the early response for those it names, and logs who has which variant", async () => {
    const tenant = await gateway.addTenant({
      servers: [{ name: "one", url: upstream.url, settings: { earlyAnswerMs: 50 } }],
    });
    const cautious = await tenant.addKey();
    const id = parseApiKey(cautious)?.id ?? "";
    await db.query(
      `insert into feature_flags (tenant_id, key, name, is_enabled, percentage, rules)
       values ($1, 'mcp.early-answer', 'Early answers', true, 100, $2)`,
      [tenant.id, JSON.stringify([{ userIds: [id], isEnabled: false }])],
    );
    upstream.behave(async (_request, response) => {
      await wait(300);
      await answerJson({ jsonrpc: "2.0", id: 1, result: { content: [] } })(_request, response);
    });
    const typeFor = async (apiKey: string) => {
      const accept = "application/json, text/event-stream";
      const response = await call(tenant, { authorization: `Bearer ${apiKey}` }, accept);
      await response.text();
      return response.headers.get("content-type");
    };
    expect(await typeFor(tenant.apiKey)).toMatch(/^text\/event-stream/);
    expect(await typeFor(cautious)).toMatch(/^application\/json/);
    expect(await typeFor(cautious)).toMatch(/^application\/json/);
    const reported = async () => {
      const { rows } = await db.query(
        "select flag_key, subject_id, is_on, reason from feature_flag_evaluations where tenant_id = $1 order by is_on",
        [tenant.id],
      );
      return rows;
    };
    await expect.poll(reported, { timeout: 10_000 }).toMatchObject([
      { flag_key: "mcp.early-answer", subject_id: id, is_on: false, reason: "rule" },
      { flag_key: "mcp.early-answer", is_on: true, reason: "percentage" },
    ]);
  });
});
