/**
 * Authenticated encryption for what leaves our hands and must come back unread and unchanged (session ids, request
 * state, cursors) and for what the database must not know in clear (upstream credentials). AES-256-GCM; the text names
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

const IV_BYTES = 12;

export class Keyring {
  readonly #keys: ReadonlyMap<string, Promise<Key>>;
  readonly #newest: string;

  constructor(keys: readonly NamedKey[]) {
    const [first] = keys;
    if (first === undefined) throw new TypeError("a keyring needs a key");
    this.#newest = first.id;
    this.#keys = new Map(keys.map(({ id, key }) => [id, importKey(key)]));
  }

  async seal(purpose: string, content: Uint8Array): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const key = await this.#keys.get(this.#newest);
    if (key === undefined) throw new TypeError("the newest key is missing");
    const sealed = await crypto.subtle.encrypt(parameters(purpose, iv), key, Uint8Array.from(content));
    const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
    bytes.set(iv);
    bytes.set(new Uint8Array(sealed), IV_BYTES);
    return `${this.#newest}.${toBase64url(bytes)}`;
  }

  /** Undefined for whatever was not sealed here for this purpose, without saying why. */
  async open(purpose: string, text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const dot = text.indexOf(".");
    const key = await this.#keys.get(text.slice(0, Math.max(dot, 0)));
    const bytes = fromBase64url(text.slice(dot + 1));
    if (key === undefined || bytes === undefined || bytes.length <= IV_BYTES) return undefined;
    try {
      const iv = bytes.subarray(0, IV_BYTES);
      return new Uint8Array(
        await crypto.subtle.decrypt(parameters(purpose, iv), key, bytes.subarray(IV_BYTES)),
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

function importKey(base64: string): Promise<Key> {
  const bytes = fromBase64url(base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
  if (bytes?.length !== 32) throw new TypeError("a key must have 32 bytes");
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function parameters(purpose: string, iv: Uint8Array<ArrayBuffer>) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(purpose) };
}
