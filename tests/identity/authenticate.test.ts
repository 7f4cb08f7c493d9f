/** Proofs by key: what holds and what does not, in what time, how often one may try, and what is counted. */
import { describe, expect, it, vi } from "vitest";
import { formatApiKey, parseApiKey } from "../../src/core/access/api-key.ts";
import { timingSafeEqual } from "../../src/core/timing-safe-equal.ts";
import { apiKeyVerifier, legacyKeyVerifier } from "../../src/identity/api-keys.ts";
import { createAuthenticator } from "../../src/identity/authenticate.ts";
import { createKeyUsageRecorder } from "../../src/identity/key-usage.ts";
import { saveKeyUsage } from "../../src/identity/save-key-usage.ts";
import { addTenant } from "../api/support.ts";
import { database, owner } from "../support/database.ts";
import { NO_TENANTS } from "../support/loaded-tenants.ts";

const NOW = new Date();
const verify = async (text: string, now = NOW) =>
  (await apiKeyVerifier(database, NO_TENANTS).verify(text, now)).value;

/** The same key with one character of its secret changed. */
function altered(text: string, at: number): string {
  const place = text.length - 43 + at;
  return `${text.slice(0, place)}${text[place] === "A" ? "B" : "A"}${text.slice(place + 1)}`;
}

describe("a key", () => {
  it.each<[string, Record<string, unknown>]>([
    ["is disabled", { is_active: false }],
    ["is revoked", { revoked_at: new Date() }],
  ])("does not hold when it %s", async (_, column) => {
    const tenant = await addTenant("proof");
    const key = await tenant.addKey({ with: column });
    expect(await verify(key.text)).toBeUndefined();
  });

  it.each<[string, string]>([
    ["is disabled", `update "user" set is_active = false where id = $1`],
    ["is banned", `update "user" set banned = true where id = $1`],
    ["has left the tenant", "delete from tenant_members where user_id = $1"],
  ])("does not hold when its owner %s", async (_, statement) => {
    const tenant = await addTenant("proof");
    const key = await tenant.addKey();
    expect(await verify(key.text)).toBeDefined();
    await owner.query(statement, [key.userId]);
    expect(await verify(key.text)).toBeUndefined();
  });

  it("acts in the role that its owner has in the tenant", async () => {
    const tenant = await addTenant("proof");
    const key = await tenant.addKey({ role: "readonly", scopes: ["read"] });
    expect((await verify(key.text))?.principal).toMatchObject({
      role: "readonly",
      scopes: ["read"],
      userId: key.userId,
    });
  });
});

describe("verification takes the same work wherever the mistake is", () => {
  it("hashes once and compares all 64 characters", async () => {
    const tenant = await addTenant("proof");
    const key = await tenant.addKey();
    const off = await tenant.addKey({ with: { is_active: false } });
    const secret = parseApiKey(key.text)?.secret ?? "";
    const cases = [
      key.text,
      altered(key.text, 0),
      altered(key.text, 20),
      off.text,
      altered(off.text, 0),
      formatApiKey(crypto.randomUUID(), new Uint8Array(32)),
    ];
    expect(secret).toHaveLength(43);
    const digest = vi.spyOn(crypto.subtle, "digest");
    const looked = vi.spyOn(String.prototype, "charCodeAt");
    const work = [];
    for (const text of cases) {
      digest.mockClear();
      looked.mockClear();
      await verify(text);
      const sizes = digest.mock.calls.map(([, data]) => data.byteLength);
      // Of all strings that were looked at, the hashes: both of them, to the end.
      const compared = looked.mock.contexts.filter((text) => /^[0-9a-f]{64}$/.test(String(text))).length;
      work.push({ sizes, compared });
    }
    digest.mockRestore();
    looked.mockRestore();
    expect(work).toEqual(cases.map(() => ({ sizes: [32 + 1 + 43], compared: 128 })));
  });

  it("compares without stopping at the first difference", () => {
    const looked = vi.spyOn(String.prototype, "charCodeAt");
    const steps = ["baaa", "abaa", "aaab", "aaaa"].map((other) => {
      looked.mockClear();
      timingSafeEqual("aaaa", other);
      return looked.mock.calls.length;
    });
    looked.mockRestore();
    expect(steps).toEqual([8, 8, 8, 8]);
  });
});

function authenticator(onThrottled: (ip: string) => Promise<unknown> = async () => undefined) {
  const refusedAddresses: string[] = [];
  const clock = { now: Date.now() };
  const work: Promise<unknown>[] = [];
  const made = createAuthenticator({
    verifiers: [apiKeyVerifier(database, NO_TENANTS), legacyKeyVerifier(database)],
    epochs: { current: () => 1, peek: () => 1, knownBefore: () => 1 },
    usage: { count: () => undefined },
    onThrottled,
    onRejectedAddress: async (_, ip) => refusedAddresses.push(ip),
    now: () => clock.now,
  });
  const ask = (headers: Record<string, string>, ip = "192.0.2.1") =>
    made.authenticate(
      new Request("http://gateway.test", { headers: { ...headers, "cf-connecting-ip": ip } }),
      (promise) => void work.push(promise),
    );
  const bearer = (text: string, ip?: string) => ask({ authorization: `Bearer ${text}` }, ip);
  return { ask, bearer, clock, work, refusedAddresses };
}
const wrongKey = () => formatApiKey(crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(32)));

describe("what a request carries", () => {
  it.each<[string, (text: string) => Record<string, string>, string]>([
    ["nothing", () => ({}), "none"],
    ["a key as Bearer", (text) => ({ authorization: `Bearer ${text}` }), "principal"],
    ["a key as bearer", (text) => ({ authorization: `bearer ${text}` }), "principal"],
    ["a key as X-API-Key", (text) => ({ "x-api-key": text }), "principal"],
    ["another scheme", (text) => ({ authorization: `Basic ${text}` }), "refused"],
    [
      "another scheme beside a key",
      (text) => ({ authorization: "Basic eA==", "x-api-key": text }),
      "refused",
    ],
    ["a key with something behind it", (text) => ({ authorization: `Bearer ${text} x` }), "refused"],
    ["a key and half another", (text) => ({ authorization: `Bearer ${text}x` }), "refused"],
    ["an empty Bearer", () => ({ authorization: "Bearer " }), "refused"],
    ["only cookies, which are not keys", () => ({ cookie: "a=b" }), "none"],
  ])("%s", async (_, headers, kind) => {
    const key = await (await addTenant("proof")).addKey();
    expect((await authenticator().ask(headers(key.text))).kind).toBe(kind);
  });

  it("expires between two requests, cached or not", async () => {
    const tenant = await addTenant("proof");
    const key = await tenant.addKey({ with: { expires_at: new Date(Date.now() + 5000).toISOString() } });
    const { bearer, clock } = authenticator();
    expect((await bearer(key.text)).kind).toBe("principal");
    clock.now += 5001;
    expect((await bearer(key.text)).kind).toBe("refused");
  });
});

describe("a client that tries one wrong key after the other", () => {
  it("has to wait, is recorded once, and does not affect clients that are already authenticated", async () => {
    const key = await (await addTenant("proof")).addKey();
    const reported: string[] = [];
    const { bearer, clock } = authenticator(async (ip) => void reported.push(ip));
    expect((await bearer(key.text)).kind).toBe("principal");
    for (let time = 0; time < 20; time += 1) expect(await bearer(wrongKey())).toEqual({ kind: "refused" });
    expect(await bearer(wrongKey())).toEqual({ kind: "refused", retryAfterSeconds: 60 });
    expect(await bearer("any-other-text-of-some-length")).toHaveProperty("retryAfterSeconds");
    expect((await bearer(key.text)).kind).toBe("principal");
    expect(await bearer(wrongKey(), "192.0.2.2")).toEqual({ kind: "refused" });
    expect(reported).toEqual(["192.0.2.1"]);
    clock.now += 60_000;
    expect(await bearer(wrongKey())).toEqual({ kind: "refused" });
  });
});

describe("use", () => {
  it("is counted in the isolate and written down by one statement, at most every ten seconds", async () => {
    const tenant = await addTenant("proof");
    const [one, two] = [await tenant.addKey(), await tenant.addKey()];
    const old = await tenant.addLegacyKey(`old-key-of-${tenant.id}`);
    let now = Date.now();
    let wake = () => {};
    const work: Promise<unknown>[] = [];
    const usage = createKeyUsageRecorder({
      save: (batch) => saveKeyUsage(database, batch),
      now: () => now,
      sleep: () =>
        new Promise((resolve) => {
          wake = resolve;
        }),
    });
    const use = (id: string, via: "api_key" | "legacy_api_key" = "api_key") =>
      usage.count(
        { id, tenantId: tenant.id, userId: undefined, apiKeyId: id, role: "user", scopes: [], via },
        (promise) => void work.push(promise),
      );
    const total = async (table: string, id: string) =>
      Number(
        (await owner.query(`select total_requests from ${table} where id = $1`, [id]))[0]?.total_requests,
      );
    use(one.id);
    await Promise.all(work);
    expect(await total("api_keys", one.id)).toBe(1);
    for (let time = 0; time < 50; time += 1) use(one.id);
    use(two.id);
    use(old.id, "legacy_api_key");
    expect(work).toHaveLength(2);
    expect(await total("api_keys", one.id)).toBe(1);
    now += 10_000;
    wake();
    await Promise.all(work);
    expect([await total("api_keys", one.id), await total("api_keys", two.id)]).toEqual([51, 1]);
    expect(await total("legacy_api_keys", old.id)).toBe(1);
    const [row] = await owner.query(
      "select last_used, updated_at = created_at as untouched from api_keys where id = $1",
      [two.id],
    );
    expect(Math.abs(Date.parse(row?.last_used) - (now - 10_000))).toBeLessThan(1000);
    expect(row?.untouched).toBe(true);
  });
});
