/** Proof by API key: one look-up by the ID that the key carries, one hash, one comparison. */
import { hashApiKeySecret, parseApiKey } from "../core/access/api-key.ts";
import { parseGroups, type StoredPrincipalGroup } from "../core/access/groups.ts";
import { listLegacyPrefixes, matchesLegacyKey } from "../core/access/legacy-key.ts";
import { sha256Hex } from "../core/digest.ts";
import { timingSafeEqual } from "../core/timing-safe-equal.ts";
import type { Database } from "../db/client.ts";
import { listLegacyCandidates } from "../db/queries/access/api-key-lookup.ts";
import { type KeyRows, loadKeyRows, type TenantRows } from "../db/queries/tenants/load-tenant.ts";
import { API_KEY, LEGACY_KEY } from "./credential-kinds.ts";
import type { CredentialVerifier } from "./credentials.ts";
import type { Principal } from "./principal.ts";

/** Hashed for an unknown key, so that the response time does not disclose which IDs exist. */
const NO_OWNER = { salt: "0".repeat(32), keyHash: "0".repeat(64) };

/** What the isolate has of tenants: a key's tenant is loaded with the key, unless it is here. */
export interface LoadedTenants {
  listCurrent(): readonly string[];
  /** `loadedAt`: when the load began. */
  keep(rows: TenantRows, loadedAt: number): Promise<void>;
}

export const apiKeyVerifier = (database: Database, tenants: LoadedTenants): CredentialVerifier => ({
  ...API_KEY,
  async verify(text, now) {
    const presented = parseApiKey(text);
    if (presented === undefined) return NOT_VERIFIED;
    const { found, loaded } = await loadKeyRows(database.asSystem(), presented.id, tenants.listCurrent());
    const { salt, keyHash } = found?.key ?? NO_OWNER;
    const isRight = timingSafeEqual(await hashApiKeySecret(salt, presented.secret), keyHash);
    if (found === null) return NOT_VERIFIED;
    const { key } = found;
    const isOn = key.isActive && key.revokedAt === null && isActive(toKeyStatus(found), key, now);
    if (isRight && isOn && loaded !== undefined) await tenants.keep(loaded, now.getTime());
    const keyLimits = { id: key.id, perHour: key.rateLimitPerHour, perDay: key.rateLimitPerDay };
    const { connectServer } = key;
    const proved = {
      principal: {
        ...toPrincipal("key", "api_key", key, found),
        keyLimits,
        ...(connectServer !== null && { connectServer }),
      },
      ipAllowlist: key.ipAllowlist,
      expiresAt: toDate(key.expiresAt),
    };
    return { value: isRight && isOn ? proved : undefined, tenantId: key.tenantId };
  },
});

/** Whether the owner of a key that was verified before may still use it. */
export function isKeyUsable(found: KeyRows, now: Date): boolean {
  const { isActive: isEnabled, revokedAt, expiresAt } = found.key;
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= now.getTime();
  return isEnabled && revokedAt === null && !isExpired && isActive(toKeyStatus(found), found.key, now);
}

/** The old backend's keys: any text. A tenant may have switched them off. */
export const legacyKeyVerifier = (database: Database): CredentialVerifier => ({
  ...LEGACY_KEY,
  async verify(text, now) {
    const hash = await sha256Hex(text);
    const candidates = await listLegacyCandidates(database.asSystem(), hash, listLegacyPrefixes(text));
    const matches = await Promise.all(candidates.map(({ key }) => matchesLegacyKey(key, text)));
    const found = candidates[matches.indexOf(true)];
    if (found === undefined) return NOT_VERIFIED;
    const { key } = found;
    const isOn = key.isActive && found.settings.legacyKeys !== false && isActive(found, key, now);
    const proved = {
      principal: toPrincipal("legacy", "legacy_api_key", key, found),
      ipAllowlist: key.ipAllowlist,
      expiresAt: key.expiresAt,
    };
    return { value: isOn ? proved : undefined, tenantId: key.tenantId };
  },
});

const NOT_VERIFIED = { value: undefined, tenantId: undefined };

interface StoredKey {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string | null;
  readonly scopes: Principal["scopes"];
}

const toDate = (text: string | null) => (text === null ? null : new Date(text));

const toKeyStatus = ({ tenantStatus, role, owner }: KeyRows): KeyStatus => ({
  tenantStatus,
  role,
  owner: owner && { ...owner, banExpires: toDate(owner.banExpires) },
});

interface KeyStatus {
  readonly tenantStatus: string;
  readonly role: Principal["role"] | null;
  readonly owner: { isActive: boolean; banned: boolean; banExpires: Date | null } | null;
}

function isActive({ tenantStatus, owner, role }: KeyStatus, key: StoredKey, now: Date): boolean {
  if (tenantStatus !== "active") return false;
  // A key without an owner is a service's; a person's key goes with their membership.
  if (key.userId === null) return true;
  if (owner === null || role === null || !owner.isActive) return false;
  return !owner.banned || (owner.banExpires !== null && owner.banExpires <= now);
}

function toPrincipal(
  kind: "key" | "legacy",
  via: Principal["via"],
  key: StoredKey,
  owner: { readonly role: Principal["role"] | null; readonly groups: readonly StoredPrincipalGroup[] | null },
): Principal {
  const groups = parseGroups(owner.groups);
  return {
    id: `${kind}:${key.id}`,
    tenantId: key.tenantId,
    userId: key.userId ?? undefined,
    apiKeyId: key.id,
    role: owner.role ?? "service",
    ...(groups !== undefined && { groups }),
    scopes: key.scopes,
    via,
  };
}
