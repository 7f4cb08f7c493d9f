/** Hashes and random secrets as text, for tokens that the database can verify and does not contain. */
import { toBase64url } from "./base64url.ts";
import { toHex } from "./hex.ts";

/** 256 random bits, fit for a URL. */
export function newToken(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Returns the SHA-256 digest in hex. Suitable for random tokens, which cannot be guessed; not for passwords. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toHex(new Uint8Array(digest));
}

export async function hmacSha256(secret: string, text: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}
