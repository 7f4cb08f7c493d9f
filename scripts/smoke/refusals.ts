// A bad client: fifty requests of each kind that is refused, with bodies that are refused unread, half read, or cut off.
import { strict as assert } from "node:assert";
import type { Instance } from "./instance.ts";
import { type Report, tally } from "./report.ts";
import { createKey } from "./rest.ts";
import { upload } from "./upload.ts";

const TIMES = 50;
const LARGE = 6 * 1024 * 1024;

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
    ["invalid key", 401, () => post("/mcp", bearer("wrong"))],
    ["no key", 401, () => post("/mcp/calculator", {})],
    ["invalid key, REST", 401, () => post("/api/v1/servers", bearer("wrong"))],
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
  ];
  for (const [name, status, run] of kinds) {
    await report.check(`${TIMES} × ${name}: ${status}`, async () => {
      assert.deepEqual(await tally(TIMES, run), { [status]: TIMES });
    });
  }
  // Wrangler's proxy loses some of these uploads before the gateway sees them; bare workerd loses none
  // (tests/gateway/refused-bodies.node.test.ts).
  for (const [path, token] of [
    ["/mcp", key],
    ["/api/v1/servers", ready.apiKey],
  ] as const) {
    await report.check(`${TIMES} × too large for ${path}, without content-length`, async () => {
      const large = { path, headers: bearer(token), bytes: LARGE, declared: false };
      const { 413: refused = 0, ...others } = await tally(TIMES, () => upload(origin, large));
      const unexpected = Object.keys(others).filter((answer) => !/^500$|ECONNRESET|EPIPE/.test(answer));
      assert.deepEqual(unexpected, []);
      assert.ok(refused > 0, JSON.stringify(others));
    });
  }
  await report.check(`${TIMES} × over the limit: 429`, async () => {
    await post("/mcp", bearer(smallKey));
    assert.deepEqual(await tally(TIMES, () => post("/mcp", bearer(smallKey))), { 429: TIMES });
  });
  for (const [name, token] of [
    ["aborted upload", key],
    ["aborted upload with an invalid key", "wrong"],
  ] as const) {
    await report.check(`${TIMES} × ${name}`, async () => {
      const abort = { path: "/mcp", headers: bearer(token), bytes: LARGE, abortAfter: 200_000 };
      await tally(TIMES, (index) => upload(origin, { ...abort, declared: index % 2 === 0 }));
    });
  }
}
