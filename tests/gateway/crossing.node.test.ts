/** What crosses an MCP endpoint, from a hostile server to a client and from a hostile client to a server. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { answerJson, type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { askModern, send } from "../fixtures/wire.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let recorder: Recorder;

beforeAll(async () => {
  [gateway, recorder] = await Promise.all([startGateway(databaseOfThisRun()), startRecorder()]);
  tenant = await gateway.addTenant({
    servers: [
      { name: "early", url: recorder.url, settings: { earlyAnswerMs: 10, maxResponseBytes: 100_000 } },
    ],
  });
});
afterAll(async () => {
  await gateway?.close();
  await recorder?.close();
});

/** "/peer" is the recorder under a name of the test's own: another test's nonsense may have opened its circuit breaker. */
const at = (path: string) => ({
  url: `${gateway.url}/mcp${path === "/peer" ? `/${peer}` : path}`,
  key: tenant.apiKey,
});
let peer = "";
let peers = 0;

beforeEach(async () => {
  peers += 1;
  peer = `peer-${peers}`;
  await tenant.addServer({ name: peer, url: recorder.url });
});

const ping = { jsonrpc: "2.0", id: 7, method: "ping" };

function expectSafe(response: Response) {
  expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("cache-control")).toBe("no-store");
}

describe("what a server sends", () => {
  const html = "<script>fetch('/api/v1/tenants')</script>";

  it.each(["text/html", "image/svg+xml", "application/xhtml+xml", "text/plain", ""])(
    "is refused when it is neither JSON nor an event stream: %s",
    async (type) => {
      recorder.behave((_request, response) => {
        response.writeHead(
          200,
          type === "" ? {} : { "content-type": type, "cache-control": "public, max-age=3600" },
        );
        response.end(html);
      });
      const posted = await send(at("/peer"), ping);
      expect(posted.status).toBe(502);
      expectSafe(posted);
      expect(await posted.json()).toMatchObject({ id: 7, error: { data: { reason: "upstream_invalid" } } });
      const got = await fetch(at("/peer").url, { headers: { authorization: `Bearer ${tenant.apiKey}` } });
      expect(got.status).toBe(502);
      expect(await got.text()).not.toContain("script");
    },
  );

  it("keeps the status of a refusal and loses its words when they are none of MCP's", async () => {
    recorder.behave((_request, response) => {
      response.writeHead(404, { "content-type": "text/html" }).end(html);
    });
    const response = await send(
      at("/peer"),
      { ...ping, method: "x/y" },
      { headers: { "mcp-session-id": "" } },
    );
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).not.toContain("script");
  });

  it("carries only the headers that MCP needs, and the gateway's own", async () => {
    const hostile = {
      "content-type": "application/json",
      "cache-control": "public, max-age=3600",
      "set-cookie": "session=evil",
      "access-control-allow-origin": "*",
      "content-security-policy": "script-src *",
      "clear-site-data": '"*"',
      link: "</x>; rel=preload",
      refresh: "0; url=https://evil.example",
      "mcp-invented": "x",
    };
    recorder.behave((_request, response) => {
      response.writeHead(200, hostile).end(JSON.stringify({ jsonrpc: "2.0", id: 7, result: {} }));
    });
    const response = await send(at("/peer"), ping);
    expect(response.status).toBe(200);
    expectSafe(response);
    for (const name of [
      "set-cookie",
      "clear-site-data",
      "link",
      "refresh",
      "mcp-invented",
      "access-control-allow-origin",
    ])
      expect(response.headers.get(name), name).toBeNull();
  });

  it("is answered with safe headers when the gateway itself refuses", async () => {
    const responses = await Promise.all([
      fetch(at("/peer").url, { method: "OPTIONS", headers: { "access-control-request-method": "POST" } }),
      send({ ...at("/peer"), key: "wrong" }, ping),
      send(at("/nowhere"), ping),
      send(at(""), "no JSON"),
    ]);
    for (const response of responses) expectSafe(response);
  });
});

describe("a preflight", () => {
  it("is answered in linear time, however many spaces stand between its commas", async () => {
    const spaces = `a${" ".repeat(7000)}b,mcp-param-city`;
    const started = performance.now();
    const answers = Array.from({ length: 20 }, () =>
      fetch(at("").url, { method: "OPTIONS", headers: { "access-control-request-headers": spaces } }),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(204);
      expect(answer.headers.get("access-control-allow-headers")).toContain("mcp-param-city");
    }
    // Each took 35 ms of CPU before, growing with the square of the length.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("a request that the server would read differently", () => {
  it.each([
    [
      "another case",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"allowed","Name":"denied"}}',
    ],
    ["twice", '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"allowed","name":"denied"}}'],
    ["a list", '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":["denied"]}}'],
  ])("never reaches it: %s", async (_what, text) => {
    recorder.requests.length = 0;
    for (const path of ["/peer", ""]) {
      const response = await send(at(path), text);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ id: 7, error: { code: expect.any(Number) } });
    }
    expect(recorder.requests.filter(({ body }) => body.includes("denied"))).toEqual([]);
  });

  it("never reaches it: behind a byte order mark", async () => {
    recorder.requests.length = 0;
    const text = '\ufeff{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"denied"}}';
    for (const path of ["/peer", ""]) {
      const response = await send(at(path), text);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ id: null, error: { code: -32700 } });
    }
    expect(recorder.requests.filter(({ body }) => body.includes("denied"))).toEqual([]);
  });
});

describe("a list that is nested too deep to be filtered", () => {
  it("is not shown to a caller who may not see all of it", async () => {
    const key = await tenant.addKey();
    await tenant.deny(key, "tool", "secret");
    const deep = `${"[".repeat(150)}${"]".repeat(150)}`;
    const list = `{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"secret","inputSchema":{},"x":${deep}}]}}`;
    recorder.behave((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(list);
    });
    const response = await send({ ...at("/peer"), key }, { jsonrpc: "2.0", id: 7, method: "tools/list" });
    const text = await response.text();
    expect(text).not.toContain("secret");
    expect(response.status).toBe(502);
  });
});

describe("a gateway that is registered as its own server", () => {
  it("refuses what comes back to it, at once", async () => {
    const loop = { url: `${gateway.url}/mcp/loop`, key: tenant.apiKey };
    await tenant.addServer({
      name: "loop",
      url: loop.url,
      credentials: { type: "bearer", token: tenant.apiKey },
    });
    const response = await send(loop, ping, { signal: AbortSignal.timeout(20_000) });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("passed this gateway before");
  });

  it("lets requests of other gateways pass, up to a depth", async () => {
    recorder.behave(answerJson({ jsonrpc: "2.0", id: 7, result: {} }));
    const through = (path: string) => send(at("/peer"), ping, { headers: { "mcp-gateway-path": path } });
    expect((await through("abc")).status).toBe(200);
    expect(recorder.requests.at(-1)?.headers["mcp-gateway-path"]).toMatch(/^abc, [0-9a-f]+$/);
    expect((await through(Array(20).fill("abc").join(","))).status).toBe(400);
  });
});

describe("bodies without an end", () => {
  it("are cut off when an answer that began early turns out too large", async () => {
    recorder.behave(async (recorded, response) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      response.writeHead(200, { "content-type": "application/json" });
      let isGone = false;
      void recorded.hungUp.then(() => {
        isGone = true;
      });
      const piece = Buffer.alloc(64 * 1024, 0x20);
      while (!isGone) {
        if (!response.write(piece))
          await Promise.race([new Promise((resolve) => response.once("drain", resolve)), recorded.hungUp]);
      }
    });
    const response = await askModern(at("/early"), "tools/call", { name: "x" });
    const text = await response.text();
    expect(text).toContain("larger than 100000 bytes");
    await recorder.requests.at(-1)?.hungUp;
  });

  it("are refused on every route outside MCP, with or without a declared length", async () => {
    const paths = [
      "/api/auth/sign-in/email",
      "/r/x/v0.1/publish",
      "/api/v1/servers",
      "/sign-in",
      "/oauth2/token",
      "/nowhere",
    ];
    const huge = Buffer.alloc(5 * 1024 * 1024, 0x20);
    for (const path of paths) {
      const declared = await fetch(gateway.url + path, { method: "POST", body: huge });
      expect(declared.status, path).toBe(413);
      await declared.text();
    }
  });

  it("are no way in for compressed bombs", async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20));
    const response = await send(at("/peer"), bomb, { headers: { "content-encoding": "gzip" } });
    expect([400, 413, 415]).toContain(response.status);
  });
});
