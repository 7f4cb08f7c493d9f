import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  apiKeyPrefix,
  createSalt,
  createSecret,
  formatApiKey,
  hashApiKeySecret,
  parseApiKey,
} from "../../../src/core/access/api-key.ts";

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe("API keys", () => {
  it("read back as they were written", () => {
    fc.assert(
      fc.property(fc.uuid(), secret, (id, bytes) => {
        const key = formatApiKey(id, bytes);
        const read = parseApiKey(key);
        expect(read?.id).toBe(id);
        expect(key).toBe(`${apiKeyPrefix(id)}_${read?.secret}`);
      }),
    );
  });

  it.each([
    "",
    "mcp_",
    "mcp_0123_secret",
    `mcp_${"g".repeat(32)}_${"a".repeat(43)}`,
    `mcp_${"a".repeat(32)}_${"a".repeat(42)}`,
    `mcp_${"a".repeat(32)}_${"a".repeat(44)}`,
    `mcp_${"a".repeat(32)}_${"a".repeat(42)}=`,
    ` mcp_${"a".repeat(32)}_${"a".repeat(43)}`,
    `mcp_${"a".repeat(32)}_${"a".repeat(43)}\n`,
  ])("refuse %j", (text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });

  it("hash to 64 hex digits that depend on salt and secret", async () => {
    const key = parseApiKey(formatApiKey(crypto.randomUUID(), createSecret()));
    const [one, two] = [createSalt(), createSalt()];
    const hash = await hashApiKeySecret(one, key?.secret ?? "");
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashApiKeySecret(one, key?.secret ?? "")).toBe(hash);
    expect(await hashApiKeySecret(two, key?.secret ?? "")).not.toBe(hash);
    expect(await hashApiKeySecret(one, "another")).not.toBe(hash);
  });
});
