/** One server through the gateway, by clients over a real socket: what the suite of `npm run conformance` does not see. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import { answerJson, type Recorder, startRecorder } from "../../fixtures/recorder.ts";
import { runs } from "../../support/runs.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let upstream: Recorder;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([startGateway(databaseOfThisRun()), startRecorder()]);
  tenant = await gateway.addTenant({ servers: [{ name: "recorder", url: upstream.url }] });
});
afterAll(async () => {
  await Promise.all([gateway?.close(), upstream?.close()]);
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.behave(answerJson({ jsonrpc: "2.0", id: 1, result: {} }));
});

const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });

interface Call {
  server?: string;
  method?: string;
  key?: string | null;
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function call({
  server = "recorder",
  method = "POST",
  key = tenant.apiKey,
  body,
  headers,
  signal,
}: Call = {}) {
  return fetch(`${gateway.url}/mcp/${server}`, {
    method,
    headers: {
      ...(method === "POST" && { "content-type": "application/json" }),
      accept: "application/json, text/event-stream",
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: method === "POST" ? (body ?? ping) : null,
    ...(signal && { signal }),
  });
}

const only = () => {
  expect(upstream.requests.length).toBe(1);
  const [request] = upstream.requests;
  if (request === undefined) throw new Error("nothing reached the upstream");
  return request;
};

const errorOf = async (answer: Response) => {
  const body = answered.parse(await answer.json());
  return { status: answer.status, code: body.error?.code, id: body.id, reason: body.error?.data?.reason };
};

const answered = z.object({
  id: z.union([z.string(), z.number(), z.null()]),
  error: z
    .object({ code: z.number(), data: z.object({ reason: z.string().optional() }).optional() })
    .optional(),
});

describe("who may come in", () => {
  it.each<[string, Call]>([
    ["unauthenticated without a key", { key: null }],
    ["no made-up key", { key: `mcp_${"0".repeat(32)}_${"a".repeat(43)}` }],
    ["no key of another shape", { key: "secret" }],
    ["no other scheme", { key: null, headers: { authorization: "Basic YTpi" } }],
  ])("%s", async (_what, options) => {
    const answer = await call(options);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(await errorOf(answer)).toMatchObject({ status: 401, reason: "unauthorized" });
    expect(upstream.requests).toEqual([]);
  });

  it("a key in X-API-Key, for clients that cannot set Authorization", async () => {
    expect((await call({ key: null, headers: { "x-api-key": tenant.apiKey } })).status).toBe(200);
  });

  it("a key only from the networks that it is bound to", async () => {
    const bound = await tenant.addKey({ ipAllowlist: ["203.0.113.0/24"] });
    expect((await call({ key: bound })).status).toBe(403);
  });

  it("no key of another tenant, to whom the server does not exist", async () => {
    const other = await gateway.addTenant();
    expect(await errorOf(await call({ key: other.apiKey }))).toMatchObject({
      status: 404,
      reason: "not_found",
    });
    expect(await errorOf(await call({ server: "none" }))).toMatchObject({ status: 404, reason: "not_found" });
  });

  it("anonymous callers, under /t only, where the tenant allows them", async () => {
    const open = await gateway.addTenant({ anonymous: true, servers: [{ name: "open", url: upstream.url }] });
    const post = (slug: string, server: string) =>
      fetch(`${gateway.url}/t/${slug}/mcp/${server}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: ping,
      });
    expect((await post(open.slug, "open")).status).toBe(200);
    expect((await post(tenant.slug, "recorder")).status).toBe(401);
    expect((await post("no-such-tenant", "recorder")).status).toBe(401);
    expect((await post(open.slug, "recorder")).status).toBe(404);
  });
});

describe("what crosses", () => {
  it("the protocol's headers, known and unknown, and nothing of the caller's own", async () => {
    await call({
      headers: {
        "mcp-protocol-version": "2025-11-25",
        "mcp-param-region": "eu",
        "mcp-something-new": "x",
        "last-event-id": "7",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        cookie: "session=secret",
        "x-api-key": "secret",
        "x-forwarded-for": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "x-other": "secret",
      },
    });
    const { headers, body } = only();
    expect(headers).toMatchObject({
      "mcp-protocol-version": "2025-11-25",
      "mcp-param-region": "eu",
      "mcp-something-new": "x",
      "last-event-id": "7",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "content-type": "application/json",
    });
    for (const name of ["authorization", "cookie", "x-api-key", "forwarded", "x-other", "origin"]) {
      expect(headers[name], name).toBeUndefined();
    }
    expect(JSON.stringify(headers)).not.toContain("secret");
    expect(JSON.stringify(headers)).not.toContain(tenant.apiKey);
    expect(body.toString()).toBe(ping);
  });

  it("of the answer: status, body, the protocol's headers; not what browsers would act on", async () => {
    upstream.behave((_request, response) => {
      response
        .writeHead(418, {
          "content-type": "application/json",
          "mcp-new": "x",
          "retry-after": "7",
          "set-cookie": "a=b",
          "x-powered-by": "magic",
          location: "http://elsewhere.example/",
        })
        .end('{"odd":  true}');
    });
    const answer = await call();
    expect(answer.status).toBe(418);
    expect(await answer.text()).toBe('{"odd":  true}');
    expect(Object.fromEntries(answer.headers)).toMatchObject({ "retry-after": "7" });
    for (const name of ["mcp-new", "set-cookie", "x-powered-by", "location"])
      expect(answer.headers.get(name)).toBeNull();
  });

  it("any JSON-RPC traffic, byte for byte in both directions", async () => {
    const whitespace = fc.constantFrom("", " ", "\n", "\t ");
    const message = fc
      .record({
        id: fc.oneof(fc.string(), fc.integer()),
        method: fc.string(),
        params: fc.dictionary(fc.string(), fc.jsonValue()),
        extra: fc.jsonValue(),
      })
      .map(({ id, method, params, extra }) => ({
        extra,
        jsonrpc: "2.0",
        id,
        method: `x/${method}`,
        params: { ...params, _meta: {} },
      }));
    await fc.assert(
      fc.asyncProperty(message, fc.jsonValue(), whitespace, async (sent, result, blank) => {
        upstream.requests.length = 0;
        const reply = `${blank}${JSON.stringify({ jsonrpc: "2.0", id: sent.id, result, more: 1.0 }, null, blank)}${blank}`;
        upstream.behave((_request, response) => {
          response.writeHead(200, { "content-type": "application/json" }).end(reply);
        });
        const text = `${blank}${JSON.stringify(sent, null, blank)}${blank}`;
        const answer = await call({ body: text });
        expect(await answer.text()).toBe(reply);
        expect(only().body.toString()).toBe(text);
      }),
      { numRuns: runs(60) },
    );
  });

  it("an event stream as it comes: comments, ids, retry, odd line ends, in pieces", async () => {
    const pieces = [
      ": hello\n\n",
      "id: 1\nretry: 10\nda",
      'ta: {"a":1}\r\n\r\n',
      "event: x\rdata: y\r\r",
      "data: unfinished",
    ];
    upstream.behave(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const piece of pieces) {
        response.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      response.end();
    });
    const answer = await call({ method: "GET" });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(await answer.text()).toBe(pieces.join(""));
  });
});

describe("sessions", () => {
  const initialize = async (key = tenant.apiKey) => {
    upstream.behave(
      answerJson({ jsonrpc: "2.0", id: 1, result: {} }, 200, { "mcp-session-id": "upstream-session" }),
    );
    const answer = await call({
      key,
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25" },
      }),
    });
    return answer.headers.get("mcp-session-id") ?? "";
  };

  it("have an id of ours outside and the upstream's inside", async () => {
    const session = await initialize();
    expect(session).toMatch(/^[\x21-\x7e]+$/);
    expect(session).not.toContain("upstream-session");
    upstream.requests.length = 0;
    await call({ headers: { "mcp-session-id": session } });
    await call({ method: "GET", headers: { "mcp-session-id": session, "last-event-id": "e-7" } });
    await call({ method: "DELETE", headers: { "mcp-session-id": session } });
    expect(upstream.requests.map(({ method, headers }) => [method, headers["mcp-session-id"]])).toEqual([
      ["POST", "upstream-session"],
      ["GET", "upstream-session"],
      ["DELETE", "upstream-session"],
    ]);
    expect(upstream.requests[1]?.headers["last-event-id"]).toBe("e-7");
  });

  it("do not exist for other principals, nor for their owner on another server, nor changed", async () => {
    const session = await initialize();
    const second = await tenant.addKey();
    await tenant.addServer({
      name: `twin-${second.slice(-6).replaceAll(/[^a-z]/gi, "x")}`,
      url: upstream.url,
    });
    upstream.requests.length = 0;
    const answers = await Promise.all([
      call({ key: second, headers: { "mcp-session-id": session } }),
      call({ headers: { "mcp-session-id": `${session.slice(0, -2)}xx` } }),
      call({ headers: { "mcp-session-id": "upstream-session" } }),
    ]);
    for (const answer of answers)
      expect(await errorOf(answer)).toMatchObject({ status: 404, code: -32001, id: 1 });
    expect(upstream.requests).toEqual([]);
  });
});

describe("credentials of the server", () => {
  it.each([
    [{ type: "bearer", token: "up-token" } as const, "authorization", "Bearer up-token"],
    [
      { type: "basic", username: "ann", password: "p:ä" } as const,
      "authorization",
      `Basic ${Buffer.from("ann:p:ä").toString("base64")}`,
    ],
    [{ type: "header", name: "X-Token", value: "up-value" } as const, "x-token", "up-value"],
  ])("of type $type go upstream in place of the caller's", async (credentials, header, value) => {
    const name = `with-${credentials.type}`;
    await tenant.addServer({ name, url: upstream.url, credentials });
    await expect.poll(async () => (await call({ server: name })).status).toBe(200);
    expect(upstream.requests.at(-1)?.headers[header]).toBe(value);
  });

  it("do not follow a redirect to another origin", async () => {
    const elsewhere = await startRecorder();
    upstream.behave((_request, response) => void response.writeHead(307, { location: elsewhere.url }).end());
    await tenant.addServer({
      name: "moved",
      url: upstream.url,
      credentials: { type: "bearer", token: "up-token" },
    });
    await expect.poll(async () => (await call({ server: "moved" })).status).toBe(200);
    expect(elsewhere.requests.at(-1)?.headers.authorization).toBeUndefined();
    expect(elsewhere.requests.at(-1)?.body.toString()).toBe(ping);
    await elsewhere.close();
  });
});

describe("upstreams that misbehave", () => {
  it("by refusing our credentials: the client is not sent to sign in with them", async () => {
    upstream.behave(
      answerJson({}, 401, { "www-authenticate": 'Bearer resource_metadata="https://evil.example"' }),
    );
    const answer = await call();
    expect(answer.headers.get("www-authenticate")).toBeNull();
    expect(await errorOf(answer)).toEqual({ status: 502, code: -31505, id: 1, reason: "upstream_refused" });
  });

  it.each([
    ["into a private network", "http://10.0.0.1/mcp", "upstream_refused"],
    ["to another scheme", "file:///etc/passwd", "upstream_refused"],
    ["in a circle", "", "upstream_invalid"],
  ])("by redirecting %s", async (_what, location, reason) => {
    upstream.behave(
      (_request, response) => void response.writeHead(307, { location: location || "/mcp" }).end(),
    );
    expect(await errorOf(await call())).toMatchObject({ status: 502, reason });
    expect(upstream.requests.length).toBeLessThan(6);
  });

  it("by not being there, or not answering in time", async () => {
    await tenant.addServer({ name: "down", url: "http://127.0.0.1:1/mcp" });
    await tenant.addServer({ name: "slow", url: upstream.url, settings: { firstByteTimeoutMs: 200 } });
    await expect.poll(async () => (await call({ server: "slow" })).status).toBe(200);
    expect(await errorOf(await call({ server: "down" }))).toMatchObject({
      status: 502,
      reason: "upstream_unreachable",
    });
    upstream.behave(() => undefined);
    expect(await errorOf(await call({ server: "slow" }))).toMatchObject({
      status: 504,
      reason: "upstream_timeout",
    });
  });

  it("by having a forbidden URL, which is never fetched", async () => {
    await tenant.addServer({ name: "private", url: "http://192.168.0.1/mcp" });
    await expect.poll(async () => (await call({ server: "private" })).status).toBe(502);
  });
});

describe("input that is wrong", () => {
  it.each<[string, Call, number, number | undefined]>([
    ["no JSON", { body: "{" }, 400, -32700],
    ["nothing", { body: "" }, 400, -32700],
    ["no UTF-8", { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, -32700],
    ["not JSON-RPC", { body: "{}" }, 400, -32600],
    ["too deep", { body: "[".repeat(200_000) }, 400, -32700],
    [
      "a batch in a revision without",
      { body: `[${ping}]`, headers: { "mcp-protocol-version": "2025-06-18" } },
      400,
      -32600,
    ],
    ["an unknown revision", { headers: { "mcp-protocol-version": "tomorrow" } }, 400, -32022],
    ["another content type", { headers: { "content-type": "text/plain" } }, 415, -32700],
    ["too large", { body: `"${"x".repeat(5 * 1024 * 1024)}"` }, 413, -32600],
    ["another method", { method: "PUT" }, 405, -32600],
  ])("%s", async (_what, options, status, code) => {
    expect(await errorOf(await call(options))).toMatchObject({ status, code });
    expect(upstream.requests).toEqual([]);
  });

  it("too large without a declared length", async () => {
    let left = 6 * 16;
    const unannounced = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(`"${"x".repeat(65_536)}"`));
        left -= 1;
        if (left === 0) controller.close();
      },
    });
    const init: RequestInit & { duplex: "half" } = {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${tenant.apiKey}` },
      body: unannounced,
      duplex: "half",
    };
    const outcome = await fetch(`${gateway.url}/mcp/recorder`, init).then(
      (answer) => answer.status,
      // The gateway may close the connection of a client that continues to send after the rejection.
      () => 413,
    );
    expect(outcome).toBe(413);
    expect(upstream.requests).toEqual([]);
  });
});

describe("browsers", () => {
  const options = (origin: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/mcp/recorder`, { method: "OPTIONS", headers: { origin, ...headers } });

  it("may send a preflight, also for parameters that tools name", async () => {
    const answer = await options("http://localhost:6274", {
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,mcp-param-region,x-secret",
    });
    expect(answer.status).toBe(204);
    const allowed = answer.headers.get("access-control-allow-headers")?.split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining(["authorization", "mcp-session-id", "last-event-id", "mcp-param-region"]),
    );
    expect(allowed).not.toContain("x-secret");
    expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:6274");
  });

  it("may read the session id and the challenge", async () => {
    const answer = await call({ key: null, headers: { origin: "http://localhost:6274" } });
    expect(answer.headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
    expect(answer.headers.get("access-control-expose-headers")).toContain("Mcp-Session-Id");
  });

  it("are refused from pages of other origins", async () => {
    expect((await options("https://evil.example")).status).toBe(403);
    expect((await call({ headers: { origin: "https://evil.example" } })).status).toBe(403);
    expect((await call({ headers: { origin: "null" } })).status).toBe(403);
  });
});
