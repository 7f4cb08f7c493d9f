// The sidecar changes headers and nothing else: what the suite cannot see of that.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { type Sidecar, startSidecar } from "../fixtures/sidecar.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function sidecarTo(
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Sidecar> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const target = `http://127.0.0.1:${address.port}/mcp`;
  const sidecar = await startSidecar({ target, headers: { Authorization: "Bearer added" } });
  open.push(sidecar.close);
  return sidecar;
}

test("adds its headers in place of the caller's, and passes everything else as it was", async () => {
  const sidecar = await sidecarTo((incoming, outgoing) => {
    outgoing.writeHead(202, { "Mcp-Session-Id": "s", "X-Many": ["1", "2"] });
    const headers = incoming.headers;
    incoming.setEncoding("utf8").on("data", (body) => outgoing.end(JSON.stringify({ headers, body })));
  });
  const answer = await fetch(sidecar.url, {
    method: "POST",
    headers: { authorization: "Bearer own", "Mcp-Param-Region": "=?base64?WsO8cmljaA==?=" },
    body: '{ "a" :1}',
  });
  expect(answer.status).toBe(202);
  expect([answer.headers.get("mcp-session-id"), answer.headers.get("x-many")]).toEqual(["s", "1, 2"]);
  expect(await answer.json()).toMatchObject({
    body: '{ "a" :1}',
    headers: { authorization: "Bearer added", "mcp-param-region": "=?base64?WsO8cmljaA==?=" },
  });
});

test("names the target in Host where the caller named the sidecar, and leaves a foreign Host to the target", async () => {
  const hosts: (string | undefined)[] = [];
  const sidecar = await sidecarTo((incoming, outgoing) => {
    hosts.push(incoming.headers.host);
    outgoing.end();
  });
  await fetch(sidecar.url);
  const foreign = request(sidecar.url, { headers: { Host: "evil.example.com" } }).end();
  await once(foreign, "response");
  expect(hosts[0]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(hosts[0]).not.toBe(new URL(sidecar.url).host);
  expect(hosts[1]).toBe("evil.example.com");
});

test("hangs up on the target when the caller does, before the answer and in the middle of it", async () => {
  const closed = vi.fn();
  const started = vi.fn();
  const sidecar = await sidecarTo((incoming, outgoing) => {
    started();
    outgoing.on("close", closed);
    if (incoming.url === "/mcp?talk") outgoing.write("data: 1\n\n");
  });
  for (const [calls, url] of [sidecar.url, `${sidecar.url}?talk`].entries()) {
    const abort = new AbortController();
    const call = fetch(url, { signal: abort.signal }).then((answer) => answer.text());
    await vi.waitFor(() => expect(started).toHaveBeenCalledTimes(calls + 1));
    abort.abort();
    await expect(call).rejects.toThrow();
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(calls + 1));
  }
});

test("breaks off where the target breaks off, and returns 502 where it does not respond", async () => {
  const sidecar = await sidecarTo((incoming, outgoing) => {
    if (incoming.url !== "/mcp?talk") return void outgoing.destroy();
    outgoing.write("data: 1\n\n");
    setTimeout(() => outgoing.destroy(), 20);
  });
  expect((await fetch(sidecar.url)).status).toBe(502);
  await expect(fetch(`${sidecar.url}?talk`).then((answer) => answer.text())).rejects.toThrow();
});
