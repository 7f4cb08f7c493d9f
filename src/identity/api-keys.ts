/** Proof by API key: one look-up by the id that the key carries, one hash, one comparison. */
import { hashApiKeySecret, readApiKey } from "../core/access/api-key.ts";
import { equalInConstantTime } from "../core/constant-time.ts";
import type { Database } from "../db/client.ts";
import { findApiKey } from "../db/queries/access.ts";
import type { Principal } from "./principal.ts";

export interface VerifiedKey {
  readonly principal: Principal;
  /** Empty: from anywhere. Judged at each request, since the same key comes from many places. */
  readonly ipAllowlist: readonly string[];
}

/** Undefined for whatever does not prove it, without saying why: unknown, wrong, expired and switched off look alike. */
export async function verifyApiKey(
  database: Database,
  text: string,
  now: Date,
): Promise<VerifiedKey | undefined> {
  const presented = readApiKey(text);
  if (presented === undefined) return undefined;
  const [found] = await findApiKey(database.asSystem(), presented.id);
  if (found === undefined) return undefined;
  const { key, owner } = found;
  const hash = await hashApiKeySecret(key.salt, presented.secret);
  if (!equalInConstantTime(hash, key.keyHash)) return undefined;
  if (!key.isActive || key.revokedAt !== null || found.tenantStatus !== "active") return undefined;
  if (key.expiresAt !== null && key.expiresAt <= now) return undefined;
  const banned = owner?.banned === true && (owner.banExpires === null || owner.banExpires > now);
  if (owner !== null && (!owner.isActive || banned)) return undefined;
  // A key without an owner is a service's; a person's key goes with their membership.
  if (key.userId !== null && found.role === null) return undefined;
  const principal: Principal = {
    id: `key:${key.id}`,
    tenantId: key.tenantId,
    userId: key.userId ?? undefined,
    apiKeyId: key.id,
    role: found.role ?? "service",
    scopes: key.scopes,
    via: "api_key",
  };
  return { principal, ipAllowlist: key.ipAllowlist };
}
