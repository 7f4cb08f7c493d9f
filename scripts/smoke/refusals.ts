// A bad client: fifty requests of each kind that is refused, with bodies that are refused unread, half read, or cut off.
import { strict as assert } from "node:assert";
import { request } from "node:http";
import type { Instance } from "./instance.ts";
import { type Report, tally } from "./report.ts";
import { createKey } from "./rest.ts";

const TIMES = 50;
const PIECE = Buffer.alloc(64 * 1024, "a");
const LARGE = 6 * 1024 * 1024;

interface Upload {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly bytes: number;
  /** Without a length the receiver has to read to know that it is too much. */
  readonly declared: boolean;
  /** Hang up after so many bytes. */
  readonly abortAfter?: number;
}

export async function checkRefusals(instance: Instance, report: Report): Promise<void> {
  const { origin, ready } = instance;
  const [key, readOnlyKey, smallKey] = await Promise.all([
    createKey(instance, { name: "smoke", rateLimitPerHour: 100_000, rateLimitPerDay: 100_000 }),
    createKey(instance, {
      name: "smoke read",
      scopes: ["read"],
      rateLimitPerHour: 100_000,
      rateLimitPerDay: 100_000,
    }),
    createKey(instance, { name: "smoke small", rateLimitPerHour: 1 }),
  ]);
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "ping",
    params: { padding: "a".repeat(50_000) },
  });
  const post = async (path: string, headers: Record<string, string>, content = body) => {
    const response = await fetch(origin + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      body: content,
      redirect: "manual",
    });
    await response.arrayBuffer();
    return response.status;
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const kinds: readonly (readonly [string, number, () => Promise<number>])[] = [
    ["wrong key", 401, () => post("/mcp", bearer("wrong"))],
    ["no key", 401, () => post("/mcp/calculator", {})],
    ["wrong key, REST", 401, () => post("/api/v1/servers", bearer("wrong"))],
    ["foreign origin", 403, () => post("/mcp", { ...bearer(key), origin: "https://evil.example" })],
    ["missing scope", 403, () => post("/mcp", bearer(readOnlyKey))],
    ["form of a foreign page", 403, () => post("/sign-in", { origin: "https://evil.example" })],
    ["unknown server", 404, () => post("/mcp/nowhere", bearer(key))],
    ["unknown path", 404, () => post("/nowhere", bearer(key))],
    ["malformed JSON", 400, () => post("/mcp", bearer(key), "{")],
    ["wrong content type", 415, () => post("/mcp", { ...bearer(key), "content-type": "text/plain" })],
    [
      "too large",
      413,
      () => upload(origin, { path: "/mcp", headers: bearer(key), bytes: LARGE, declared: true }),
    ],
    [
      "too large, length not said",
      413,
      () => upload(origin, { path: "/mcp", headers: bearer(key), bytes: LARGE, declared: false }),
    ],
    [
      "too large, REST, length not said",
      413,
      () =>
        upload(origin, {
          path: "/api/v1/servers",
          headers: bearer(ready.apiKey),
          bytes: LARGE,
          declared: false,
        }),
    ],
  ];
  for (const [name, status, run] of kinds) {
    await report.check(`${TIMES} × ${name}: ${status}`, async () => {
      assert.deepEqual(await tally(TIMES, run), { [status]: TIMES });
    });
  }
  await report.check(`${TIMES} × over the limit: 429`, async () => {
    await post("/mcp", bearer(smallKey));
    assert.deepEqual(await tally(TIMES, () => post("/mcp", bearer(smallKey))), { 429: TIMES });
  });
  for (const [name, token] of [
    ["aborted upload", key],
    ["aborted upload with a wrong key", "wrong"],
  ] as const) {
    await report.check(`${TIMES} × ${name}`, async () => {
      const abort = { path: "/mcp", headers: bearer(token), bytes: LARGE, abortAfter: 3 * PIECE.length };
      await tally(TIMES, (index) => upload(origin, { ...abort, declared: index % 2 === 0 }));
    });
  }
}

/** The status of the answer, or 0 where the client hangs up first. */
function upload(origin: string, { path, headers, bytes, declared, abortAfter }: Upload): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = declared ? { "content-length": String(bytes) } : {};
    const outgoing = request(origin + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers, ...length },
    });
    outgoing.on("response", (response) => {
      response
        .on("error", reject)
        .on("end", () => resolve(response.statusCode ?? 0))
        .resume();
    });
    outgoing.on("error", (error) => (abortAfter === undefined ? reject(error) : resolve(0)));
    let sent = 0;
    const send = () => {
      while (sent < bytes) {
        if (abortAfter !== undefined && sent >= abortAfter) return outgoing.destroy();
        sent += PIECE.length;
        if (!outgoing.write(PIECE)) return outgoing.once("drain", send);
      }
      return outgoing.end();
    };
    send();
  });
}
