/** Creates the secret and the row of an API key, and checks the limits of its creator. */
import type { Context } from "hono";
import {
  apiKeyPrefix,
  createSalt,
  createSecret,
  formatApiKey,
  hashApiKeySecret,
} from "../../core/access/api-key.ts";
import { checkKeyBounds, type KeyBounds, type KeyCreator } from "../../core/access/key-bounds.ts";
import { toBase64url } from "../../core/base64url.ts";
import type { Role } from "../../core/enums.ts";
import { ForbiddenError, InvalidInputError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { KeyScope } from "../../db/queries/access/api-key-lookup.ts";
import { findKey, findMemberRole } from "../../db/queries/access/api-keys.ts";
import type { Principal } from "../../identity/principal.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";
import { requireRecentSignIn } from "../../policy/recent-sign-in.ts";

export interface CreatedKey {
  /** The whole key as its holder sends it. It is shown once and kept nowhere. */
  readonly text: string;
  readonly row: { id: string; keyPrefix: string; salt: string; keyHash: string };
}

export async function createKey(): Promise<CreatedKey> {
  const id = uuidv7();
  const secret = createSecret();
  const salt = createSalt();
  return {
    text: formatApiKey(id, secret),
    row: {
      id,
      keyPrefix: apiKeyPrefix(id),
      salt,
      keyHash: await hashApiKeySecret(salt, toBase64url(secret)),
    },
  };
}

/** Admins manage all keys of their tenant, others manage their own, and a key without an owner manages itself. */
export function keyScope({ tenantId, role, userId, apiKeyId }: Principal): KeyScope {
  if (role === "admin") return { tenantId };
  return userId === undefined ? { tenantId, keyId: apiKeyId ?? "" } : { tenantId, userId };
}

/** Those who may bring new keys into the world, with what binds them. */
export async function toKeyCreator(c: Context<AppEnv & GuardedEnv>): Promise<KeyCreator> {
  const { principal, db } = c.var;
  if (principal.impersonatorId !== undefined) {
    throw new ForbiddenError("API keys cannot be created while impersonating.");
  }
  if (principal.via === "session") {
    // A key outlives the session that makes it, so a session that was left open or stolen makes none.
    requireRecentSignIn(principal, "Creating an API key");
    return { role: principal.role, scopes: principal.scopes, terms: undefined };
  }
  if (principal.via !== "api_key" || principal.apiKeyId === undefined) {
    throw new ForbiddenError(
      "Creating API keys requires a sign-in session or an API key in the current format.",
    );
  }
  const [terms] = await findKey(db, { tenantId: principal.tenantId }, principal.apiKeyId);
  if (terms === undefined) throw new ForbiddenError("The API key of this request no longer exists.");
  return { role: principal.role, scopes: principal.scopes, terms };
}

export interface KeyOwner {
  /** The role in which a key of this owner acts. */
  readonly role: Role;
  readonly isServiceAccount: boolean;
}

export async function findKeyOwner(
  c: Context<AppEnv & GuardedEnv>,
  userId: string | null,
): Promise<KeyOwner> {
  if (userId === null) return { role: "service", isServiceAccount: true };
  const { principal, db } = c.var;
  if (userId === principal.userId) return { role: principal.role, isServiceAccount: false };
  // The API keys of a former member are invalid.
  const [member] = await findMemberRole(db, principal.tenantId, userId);
  return { role: member?.role ?? "readonly", isServiceAccount: member?.isServiceAccount === true };
}

/** A new secret for a person's key lets its holder act as that person. */
export function assertOwner(principal: Principal, userId: string | null, owner: KeyOwner): void {
  if (userId === null || userId === principal.userId || owner.isServiceAccount) return;
  throw new ForbiddenError("Only the owner can rotate a user's API key.");
}

export function assertWithinBounds(wanted: Partial<KeyBounds>, ownerRole: Role, maker: KeyCreator): void {
  const excess = checkKeyBounds(wanted, ownerRole, maker);
  if (excess.length > 0)
    throw new InvalidInputError(excess, "A key cannot exceed the permissions of its creator.");
}
