/** Proof by API key: one look-up by the id that the key carries, one hash, one comparison. */
import { hashApiKeySecret, parseApiKey } from "../core/access/api-key.ts";
import { sha256Hex } from "../core/digest.ts";
import { timingSafeEqual } from "../core/timing-safe-equal.ts";
import type { Database } from "../db/client.ts";
import { findApiKey, findLegacyKey } from "../db/queries/access.ts";
import type { Principal } from "./principal.ts";
import type { Proof } from "./proofs.ts";

/** Hashed against when there is no such key, so that the time does not tell which ids exist. */
const NOBODY = { salt: "0".repeat(32), keyHash: "0".repeat(64) };

export const apiKeyProof = (database: Database): Proof => ({
  name: "api_key",
  find: ({ token }) => (token?.startsWith("mcp_") === true ? token : undefined),
  async verify(text, now) {
    const presented = parseApiKey(text);
    if (presented === undefined) return NOTHING;
    const [found] = await findApiKey(database.asSystem(), presented.id);
    const { salt, keyHash } = found?.key ?? NOBODY;
    const isRight = timingSafeEqual(await hashApiKeySecret(salt, presented.secret), keyHash);
    if (found === undefined) return NOTHING;
    const { key } = found;
    const isOn = key.isActive && key.revokedAt === null && isStanding(found, key, now);
    const keyLimits = { id: key.id, perHour: key.rateLimitPerHour, perDay: key.rateLimitPerDay };
    const proved = {
      principal: { ...principalOf("key", "api_key", key, found.role), keyLimits },
      ipAllowlist: key.ipAllowlist,
      expiresAt: key.expiresAt,
    };
    return { value: isRight && isOn ? proved : undefined, tenantId: key.tenantId };
  },
});

/** The old backend's keys: any text, kept as an unsalted SHA-256. A tenant may have switched them off. */
export const legacyKeyProof = (database: Database): Proof => ({
  name: "legacy_api_key",
  find: ({ token }) => (token !== undefined && isLegacyText(token) ? token : undefined),
  async verify(text, now) {
    const [found] = await findLegacyKey(database.asSystem(), await sha256Hex(text));
    if (found === undefined) return NOTHING;
    const { key } = found;
    const isOn = key.isActive && found.settings.legacyKeys !== false && isStanding(found, key, now);
    const proved = {
      principal: principalOf("legacy", "legacy_api_key", key, found.role),
      ipAllowlist: [],
      expiresAt: key.expiresAt,
    };
    return { value: isOn ? proved : undefined, tenantId: key.tenantId };
  },
});

const NOTHING = { value: undefined, tenantId: undefined };

/** Longer than anybody's word by chance, shorter than any abuse. */
const isLegacyText = (token: string) =>
  token.length >= 16 && token.length <= 512 && !token.startsWith("mcp_");

interface Held {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string | null;
  readonly scopes: Principal["scopes"];
}

interface Standing {
  readonly tenantStatus: string;
  readonly role: Principal["role"] | null;
  readonly owner: { isActive: boolean; banned: boolean; banExpires: Date | null } | null;
}

function isStanding({ tenantStatus, owner, role }: Standing, key: Held, now: Date): boolean {
  if (tenantStatus !== "active") return false;
  // A key without an owner is a service's; a person's key goes with their membership.
  if (key.userId === null) return true;
  if (owner === null || role === null || !owner.isActive) return false;
  return !owner.banned || (owner.banExpires !== null && owner.banExpires <= now);
}

function principalOf(
  kind: "key" | "legacy",
  via: Principal["via"],
  key: Held,
  role: Principal["role"] | null,
): Principal {
  return {
    id: `${kind}:${key.id}`,
    tenantId: key.tenantId,
    userId: key.userId ?? undefined,
    apiKeyId: key.id,
    role: role ?? "service",
    scopes: key.scopes,
    via,
  };
}
