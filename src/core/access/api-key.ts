/**
 * API keys as text: `mcp_<id>_<secret>`. The id is that of the key's row, so one lookup finds it; the secret is 256
 * random bits, so one SHA-256 with a salt protects it as well as a slow hash would, at a thousandth of the cost.
 */

import { toBase64url } from "../base64url.ts";

const KEY = /^mcp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

export interface PresentedKey {
  /** The row's UUID. */
  readonly id: string;
  readonly secret: string;
}

export function formatApiKey(id: string, secret: Uint8Array): string {
  return `${apiKeyPrefix(id)}_${toBase64url(secret)}`;
}

/** The part that is no secret: shown in lists so that users can distinguish their keys. */
export function apiKeyPrefix(id: string): string {
  return `mcp_${id.replaceAll("-", "")}`;
}

export function parseApiKey(text: string): PresentedKey | undefined {
  const [, hex, secret] = KEY.exec(text) ?? [];
  if (hex === undefined || secret === undefined) return undefined;
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    "-",
  );
  return { id, secret };
}

/** What the database keeps: hex of SHA-256 over the salt and the secret as they are written. */
export async function hashApiKeySecret(salt: string, secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${salt}:${secret}`));
  return hex(new Uint8Array(digest));
}

export function createSalt(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

export function createSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
