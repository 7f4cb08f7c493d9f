/** What signs a tenant's webhooks: made when it is first needed, shown when it is made anew, sealed in between. */
import { createSigningSecret as randomSecret } from "../../core/alerts/signature.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { Db } from "../../db/client.ts";
import {
  findSigningSecret,
  insertSigningSecret,
  replaceSigningSecret,
} from "../../db/queries/logs/alert-deliveries.ts";
import type { RowOwner } from "../../db/queries/shared/crud.ts";

const PREVIOUS_SECRET_TTL_MS = 86_400_000;

const sealPurposeForOwner = (owner: RowOwner) => `alert-signing:${owner ?? "system"}`;

async function sealSecret(keyring: Keyring, owner: RowOwner, secret: string): Promise<string> {
  return keyring.seal(sealPurposeForOwner(owner), new TextEncoder().encode(secret));
}

/** For a day receivers may go on with the one before. */
export async function renewSecret(db: Db, keyring: Keyring, owner: RowOwner, now: Date) {
  const secret = randomSecret();
  const until = new Date(now.getTime() + PREVIOUS_SECRET_TTL_MS);
  return {
    secret,
    until,
    statement: replaceSigningSecret(db, owner, await sealSecret(keyring, owner, secret), until),
  };
}

/** All that count, the newest first. */
export async function loadSecrets(db: Db, keyring: Keyring, owner: RowOwner, now: Date): Promise<string[]> {
  let [row] = await findSigningSecret(db, owner);
  if (row === undefined) {
    await insertSigningSecret(db, owner, await sealSecret(keyring, owner, randomSecret()));
    [row] = await findSigningSecret(db, owner);
  }
  if (row === undefined) return [];
  const { sealedSecret: newest, sealedPrevious, previousUntil } = row;
  const isPreviousGood = previousUntil !== null && previousUntil > now;
  const sealed = [newest, ...(isPreviousGood && sealedPrevious !== null ? [sealedPrevious] : [])];
  const opened = await Promise.all(sealed.map((text) => keyring.open(sealPurposeForOwner(owner), text)));
  return opened.flatMap((bytes) => (bytes === undefined ? [] : [new TextDecoder().decode(bytes)]));
}
