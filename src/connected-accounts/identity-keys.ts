/**
 * The gateway's signing keys: created when they are first needed, sealed in the database, replaced every month, and published
 * for servers to verify the gateway's tokens about its callers.
 */
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { z } from "zod";
import { MINUTE_MS } from "../core/durations.ts";
import { planRotation, selectSigningKey } from "../core/identity-token/key-rotation.ts";
import { uuidv7 } from "../core/ids.ts";
import type { Keyring } from "../core/keyring.ts";
import type { Database } from "../db/client.ts";
import {
  deleteIdentityKeys,
  insertIdentityKey,
  listIdentityKeys,
} from "../db/queries/accounts/identity-keys.ts";
import { openText, sealText } from "./vault.ts";

export interface IdentityKeysDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly now: () => number;
}

const ALGORITHM = "ES256";
/** Far less than a new key is published for before it signs. */
const RELOAD_INTERVAL_MS = 10 * MINUTE_MS;

const getPurpose = (keyId: string) => `identity-key:${keyId}`;

const privateJwk = z.looseObject({ kty: z.string() });

type PrivateKey = Exclude<Awaited<ReturnType<typeof importJWK>>, Uint8Array>;

interface SigningKey {
  readonly id: string;
  readonly key: PrivateKey;
  readonly loadedAt: number;
}

/** Signs with the current key, which the isolate keeps: a token costs no query. */
export class IdentitySigner {
  readonly #deps: IdentityKeysDeps;
  #key: SigningKey | undefined;

  constructor(deps: IdentityKeysDeps) {
    this.#deps = deps;
  }

  async sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const { id, key } = await this.#getKey();
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: id }).sign(key);
  }

  async #getKey(): Promise<SigningKey> {
    const known = this.#key;
    if (known !== undefined && this.#deps.now() - known.loadedAt < RELOAD_INTERVAL_MS) return known;
    try {
      this.#key = await loadSigningKey(this.#deps);
      return this.#key;
    } catch (error) {
      // The key goes on to be published for longer than a database is away.
      if (known === undefined) throw error;
      return known;
    }
  }
}

async function loadSigningKey(deps: IdentityKeysDeps): Promise<SigningKey> {
  const { database, keyring, now } = deps;
  let rows = await listIdentityKeys(database.asSystem());
  for (let row = selectSigningKey(rows, now()); row !== undefined; row = selectSigningKey(rows, now())) {
    const { id, sealed } = row;
    const { data: jwk } = privateJwk.safeParse(await openText(keyring, getPurpose(id), sealed));
    if (jwk !== undefined) return { id, key: await importPrivateKey(jwk), loadedAt: now() };
    // The encryption key that it was sealed with was removed.
    rows = rows.filter((other) => other.id !== id);
  }
  return createKey(deps);
}

async function importPrivateKey(jwk: JWK): Promise<PrivateKey> {
  const key = await importJWK(jwk, ALGORITHM);
  if (key instanceof Uint8Array) throw new TypeError("a signing key is no secret key");
  return key;
}

async function createKey({ database, keyring, now }: IdentityKeysDeps): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const id = uuidv7();
  const jwk = await exportJWK(privateKey);
  const sealed = await sealText(keyring, getPurpose(id), JSON.stringify(jwk));
  const row = { id, publicKey: { ...(await exportJWK(publicKey)) }, sealed, createdAt: new Date(now()) };
  await insertIdentityKey(database.asSystem(), row);
  return { id, key: await importPrivateKey(jwk), loadedAt: now() };
}

/** The document that servers read (RFC 7517). A reader expects tokens, so a first key is created for it. */
export async function publishIdentityKeys(
  deps: IdentityKeysDeps,
): Promise<{ readonly keys: readonly JWK[] }> {
  const read = () => listIdentityKeys(deps.database.asSystem());
  let rows = await read();
  if (rows.length === 0) {
    await createKey(deps);
    rows = await read();
  }
  return { keys: rows.map(({ id, publicKey }) => ({ ...publicKey, kid: id, alg: ALGORITHM, use: "sig" })) };
}

/** A daily job. Gateways without such servers have no key, and get none. */
export async function rotateIdentityKeys(deps: IdentityKeysDeps): Promise<void> {
  const db = deps.database.asSystem();
  const { isDue, retired } = planRotation(await listIdentityKeys(db), deps.now());
  if (isDue) await createKey(deps);
  if (retired.length > 0) await deleteIdentityKeys(db, retired);
}
