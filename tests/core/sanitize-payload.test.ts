import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REDACTED, sanitizePayload, sanitizeText } from "../../src/core/sanitize-payload.ts";
import { runs } from "../support/runs.ts";

const letters = (alphabet: string, length: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((all) => all.join(""));
const HEX = "0123456789abcdef";
const WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** What gives itself away wherever it stands. */
const telling = fc.oneof(
  fc.tuple(letters(HEX, 32), letters(WORD, 43)).map(([id, secret]) => `mcp_${id}_${secret}`),
  fc.tuple(letters(WORD, 30), letters(WORD, 60), letters(WORD, 43)).map(([a, b, c]) => `eyJ${a}.${b}.${c}`),
  letters(WORD, 40).map((token) => `Bearer ${token}`),
  letters(WORD, 48).map((key) => `sk-proj-${key}`),
  letters(WORD, 36).map((token) => `ghp_${token}`),
  letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 16).map((key) => `AKIA${key}`),
  letters(WORD, 64).map((body) => `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`),
  fc.constantFrom("4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"),
);

/** What only its name gives away. */
const secretNames = fc.constantFrom(
  "password",
  "apiKey",
  "api_key",
  "access_token",
  "clientSecret",
  "Authorization",
  "Set-Cookie",
  "privateKey",
);
const plain = letters(WORD, 24);

/** A JSON-RPC message with one secret somewhere in it. */
const planted = fc.oneof(
  fc.tuple(telling, fc.string(), fc.string()).map(([secret, before, after]) => ({
    secret,
    at: `${before} ${secret} ${after}`,
  })),
  fc.tuple(secretNames, plain).map(([name, secret]) => ({ secret, at: { [name]: secret } })),
  fc.tuple(secretNames, plain).map(([name, secret]) => ({ secret, at: { [name]: { deep: [secret] } } })),
  plain.map((secret) => ({ secret, at: `https://ada:${secret}@example.org/x` })),
  plain.map((secret) => ({ secret, at: `https://example.org/x?access_token=${secret}&y=1` })),
);

const places = [
  (at: unknown) => ({ params: { arguments: { a: at } } }),
  (at: unknown) => ({ params: { name: "tool", arguments: { list: [1, { inner: at }] } } }),
  (at: unknown) => ({ params: { uri: at } }),
  (at: unknown) => ({ params: { _meta: { x: at } } }),
  (at: unknown) => ({ error: { message: at, data: [at] } }),
  (at: unknown) => ({ result: { content: [{ type: "text", text: at }] } }),
  (at: unknown) => at,
];

describe("what is written down", () => {
  it("holds no secret, wherever in a message one was", () => {
    fc.assert(
      fc.property(planted, fc.constantFrom(...places), ({ secret, at }, place) => {
        expect(JSON.stringify(sanitizePayload(place(at)))).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
      { numRuns: runs(500) },
    );
  });

  it("is otherwise what it was", () => {
    const harmless = {
      name: "search",
      arguments: { query: "sales in Q3 2026", limit: 10, exact: false, tags: ["a", "b"], none: null },
      _meta: { progressToken: 7 },
      order: "1234 5678 9012 3456",
      commit: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
      mail: "ada@example.org",
    };
    expect(sanitizePayload(harmless)).toEqual(harmless);
  });

  it("removes addresses and further fields where the tenant's setting selects them", () => {
    expect(sanitizePayload({ to: "ada@example.org", Ssn: "078" }, { emails: true, fields: ["ssn"] })).toEqual(
      {
        to: REDACTED,
        Ssn: REDACTED,
      },
    );
  });

  it("never grows beyond bounds, whatever it is given", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => JSON.stringify(sanitizePayload(value))).not.toThrow();
      }),
    );
    expect(JSON.stringify(sanitizePayload("x".repeat(1_000_000))).length).toBeLessThan(1100);
    expect(JSON.stringify(sanitizePayload(Array.from({ length: 10_000 }, () => 1))).length).toBeLessThan(200);
  });

  it("does not leave half a secret where it is cut", () => {
    const key = `sk-${"a".repeat(40)}`;
    for (let before = 950; before < 1010; before += 1) {
      expect(sanitizeText("x ".repeat(before / 2) + key)).not.toMatch(/aaaaaaaa/);
    }
  });

  it("takes little time for any input", () => {
    const nasty = ["a@".repeat(50_000), "eyJ".repeat(50_000), "://".repeat(50_000), "1 ".repeat(50_000)];
    const started = performance.now();
    for (const text of nasty) sanitizeText(text, { emails: true });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
