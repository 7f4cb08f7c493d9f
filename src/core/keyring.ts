/**
 * Authenticated encryption for what leaves our hands and must come back unread and unchanged (session ids, request
 * state, cursors) and for what the database must not contain in clear (upstream credentials). AES-256-GCM; the text names
 * its key, so keys rotate by putting a new one in front. The purpose is authenticated too: a sealed cursor never opens
 * as a sealed credential.
 */
import { fromBase64url, toBase64url } from "./base64url.ts";

export interface NamedKey {
  readonly id: string;
  /** 32 bytes in base64. */
  readonly key: string;
}

/** Named by what makes it: workerd and Node spell the type differently. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

interface KeyPair {
  readonly cipher: Key;
  /** Makes IVs from contents, for texts that must come out the same every time. */
  readonly digest: Key;
}

const IV_BYTES = 12;

export class Keyring {
  readonly #keys: ReadonlyMap<string, Promise<KeyPair>>;
  readonly #newest: string;

  constructor(keys: readonly NamedKey[]) {
    const [first] = keys;
    if (first === undefined) throw new TypeError("a keyring needs a key");
    this.#newest = first.id;
    this.#keys = new Map(keys.map(({ id, key }) => [id, importKeys(readKey(key))]));
  }

  async seal(purpose: string, content: Uint8Array): Promise<string> {
    return this.#seal(purpose, content, crypto.getRandomValues(new Uint8Array(IV_BYTES)));
  }

  /**
   * Seals to the same text for the same content, for IDs: two sealed texts can be compared for equality and reveal
   * nothing else. The IV is derived from the content (as in RFC 5297), so it repeats only with the content.
   */
  async sealStable(purpose: string, content: Uint8Array): Promise<string> {
    const { digest } = await this.#newestKeys();
    const label = new TextEncoder().encode(`${purpose}\0`);
    const input = new Uint8Array(label.length + content.length);
    input.set(label);
    input.set(content, label.length);
    const mac = await crypto.subtle.sign("HMAC", digest, input);
    return this.#seal(purpose, content, new Uint8Array(mac, 0, IV_BYTES));
  }

  async #seal(purpose: string, content: Uint8Array, iv: Uint8Array<ArrayBuffer>): Promise<string> {
    const { cipher } = await this.#newestKeys();
    const sealed = await crypto.subtle.encrypt(parameters(purpose, iv), cipher, Uint8Array.from(content));
    const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
    bytes.set(iv);
    bytes.set(new Uint8Array(sealed), IV_BYTES);
    return `${this.#newest}.${toBase64url(bytes)}`;
  }

  async #newestKeys(): Promise<KeyPair> {
    const keys = await this.#keys.get(this.#newest);
    if (keys === undefined) throw new TypeError("the newest key is missing");
    return keys;
  }

  /** Undefined for whatever was not sealed here for this purpose, without a reason. */
  async open(purpose: string, text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const dot = text.indexOf(".");
    const keys = await this.#keys.get(text.slice(0, Math.max(dot, 0)));
    const bytes = fromBase64url(text.slice(dot + 1));
    if (keys === undefined || bytes === undefined || bytes.length <= IV_BYTES) return undefined;
    try {
      const iv = bytes.subarray(0, IV_BYTES);
      return new Uint8Array(
        await crypto.subtle.decrypt(parameters(purpose, iv), keys.cipher, bytes.subarray(IV_BYTES)),
      );
    } catch {
      return undefined;
    }
  }

  /** Whether a text is sealed with a key that is no longer the newest: seal it again when there is occasion. */
  isStale(text: string): boolean {
    return !text.startsWith(`${this.#newest}.`);
  }
}

function readKey(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64url(
    base64
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace(/={1,2}$/, ""),
  );
  if (bytes?.length !== 32) throw new TypeError("a key must have 32 bytes");
  return bytes;
}

async function importKeys(bytes: Uint8Array<ArrayBuffer>): Promise<KeyPair> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  // No key does two things: the one for IVs is derived.
  const root = await crypto.subtle.importKey("raw", bytes, hmac, false, ["sign"]);
  const derived = await crypto.subtle.sign("HMAC", root, new TextEncoder().encode("keyring: stable iv"));
  return {
    cipher: await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
    digest: await crypto.subtle.importKey("raw", derived, hmac, false, ["sign"]),
  };
}

function parameters(purpose: string, iv: Uint8Array<ArrayBuffer>) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(purpose) };
}
