// API keys, access rules and what else restricts calls. A restriction that cannot be kept disables what it restricts.

import { MAX_LEGACY_PREFIX, MIN_LEGACY_PREFIX } from "../../../src/core/access/legacy-key.ts";
import { API_KEY_SCOPES, type ApiKeyScope } from "../../../src/core/enums.ts";
import { isAddressRange } from "../addresses.ts";
import type { References } from "../references.ts";
import { RejectedRow, type RowReader, toUuid } from "../row-reader.ts";
import { type TargetRow, toTargetRow } from "../target-tables.ts";
import { requireServer, type Transform } from "./transformed.ts";

const HASH = /^[0-9a-f]{64}$/;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

interface KeyOwner {
  readonly tenantId: string;
  readonly userId: string | null;
  readonly conflicts: readonly string[];
}

/** A key acts for its user in its tenant, so the user has to be a member of it. */
function readOwner(row: RowReader, references: References, name: string): KeyOwner {
  const oldTenant = row.reference("tenant_id");
  const tenantId = oldTenant === undefined ? references.defaultTenant : references.tenant(oldTenant);
  if (tenantId === undefined) throw new RejectedRow(`tenant ${oldTenant ?? "(none)"} does not exist`);
  const oldUser = row.reference("user_id");
  if (oldUser === undefined) return { tenantId, userId: null, conflicts: [] };
  const userId = references.user(oldUser);
  if (userId === undefined) throw new RejectedRow(`user ${oldUser} does not exist`);
  if (references.isMember(tenantId, userId)) return { tenantId, userId, conflicts: [] };
  const conflict = `API key "${name}": its user ${userId} is no member of its tenant, so it works once they are`;
  return { tenantId, userId, conflicts: [conflict] };
}

function readScopes(row: RowReader): readonly ApiKeyScope[] {
  const named = row.texts("scopes").map((scope) => scope.toLowerCase());
  const scopes = API_KEY_SCOPES.filter((scope) => scope !== "connect" && named.includes(scope));
  if (scopes.length < new Set(named).size) row.repairs.add("scopes: unknown ones left out");
  return scopes;
}

interface ReadKey {
  readonly salt: string | null;
  readonly ranges: readonly string[];
  readonly isActive: boolean;
  readonly conflicts: readonly string[];
}

function toKey(row: RowReader, references: References, { salt, ranges, isActive, conflicts }: ReadKey) {
  const id = toUuid("keys", row.requiredText("id", 255));
  const name = row.requiredText("name", 200);
  const keyHash = row.requiredText("key_hash", 255).toLowerCase();
  if (!HASH.test(keyHash)) throw new RejectedRow("key_hash is no SHA-256: issue a new key");
  const owner = readOwner(row, references, name);
  const key = toTargetRow("legacy_api_keys", {
    id,
    tenant_id: owner.tenantId,
    user_id: owner.userId,
    name,
    key_hash: keyHash,
    key_prefix: row.text("key_prefix", MAX_LEGACY_PREFIX),
    salt,
    scopes: readScopes(row),
    ip_allowlist: ranges,
    is_active: isActive,
    expires_at: row.time("expires_at"),
    last_used: row.time("last_used"),
    total_requests: row.count("total_requests", 0, Number.MAX_SAFE_INTEGER),
    ...row.stamps(),
  });
  const { tenantId } = owner;
  const fact = { kind: "key", id, tenantId } as const;
  return { key, fact, tenantId, conflicts: [...conflicts, ...owner.conflicts] };
}

/** The first keys of the old backend: an unsalted hash. */
export const transformKey: Transform = (row, references) => {
  const permissions = row.texts("permissions");
  const read = { salt: null, ranges: [], isActive: row.flag("is_active", true), conflicts: [] };
  if (permissions.length > 0) row.repairs.add("permissions: had no effect in the old backend, left out");
  const { key, fact, conflicts } = toKey(row, references, read);
  return { rows: [key], facts: [fact], conflicts };
};

/** Its later keys: salted, with limits and restrictions. */
export const transformEnhancedKey: Transform = (row, references) => {
  const name = row.requiredText("name", 200);
  const prefix = row.requiredText("key_prefix", 255);
  if (prefix.length < MIN_LEGACY_PREFIX || prefix.length > MAX_LEGACY_PREFIX)
    throw new RejectedRow("key_prefix is too short or too long to find a salted key by: issue a new key");
  const addresses = row.texts("ip_whitelist").map((address) => address.trim());
  const ranges = addresses.filter(isAddressRange);
  const restrictions = [
    ...(ranges.length < addresses.length ? ["invalid addresses in ip_whitelist"] : []),
    ...(row.list("allowed_servers").length > 0 ? ["allowed_servers"] : []),
    ...(row.list("allowed_methods").length > 0 ? ["allowed_methods"] : []),
  ];
  const isActive = row.flag("is_active", true) && !row.flag("is_locked", false) && restrictions.length === 0;
  const conflicts = restrictions.map(
    (restriction) =>
      `API key "${name}": disabled, because ${restriction} cannot be kept; issue a key with access rules`,
  );
  const { key, fact, tenantId, ...rest } = toKey(row, references, {
    salt: row.requiredText("salt", 255),
    ranges: [...new Set(ranges)],
    isActive,
    conflicts,
  });
  const limit = (column: string, fallback: number, seconds: number): TargetRow =>
    toTargetRow("rate_limit_configs", {
      id: toUuid("key_limits", `${key.id} ${seconds}`),
      tenant_id: tenantId,
      subject_type: "key",
      subject_id: key.id,
      limit_count: row.count(column, fallback),
      window_seconds: seconds,
      ...row.stamps(),
    });
  const limits = [
    limit("rate_limit_per_hour", 1000, HOUR_SECONDS),
    limit("rate_limit_per_day", 10_000, DAY_SECONDS),
  ];
  return { rows: [key, ...limits], facts: [fact], conflicts: rest.conflicts };
};

/**
 * One row of the old backend allows a subject some of what a server offers, at some hours. It becomes a rule that allows
 * or denies the whole server; rows whose other restrictions have no equal are rejected, so that none becomes wider.
 */
export const transformAccessControl: Transform = (row, references) => {
  const server = requireServer(row, references);
  const subject = readSubject(row, references, server.tenantId);
  const methods = [...row.texts("allowed_methods"), ...row.texts("denied_methods")];
  if (methods.length > 0) throw new RejectedRow("restricts methods: write an access rule for tools instead");
  const hours = readHours(row.list("allowed_hours"));
  const from = row.time("access_start_time");
  const until = row.time("access_end_time");
  if (from !== null && until !== null && from >= until)
    throw new RejectedRow("access_start_time is not before access_end_time");
  const days = row.list("allowed_days").map(Number);
  if (days.some((day) => !Number.isInteger(day) || day < 0 || day > 6))
    throw new RejectedRow("allowed_days contains no weekday from 0 (Monday) to 6");
  const rule = toTargetRow("server_access_controls", {
    id: row.uuid("id", "server_access_controls"),
    tenant_id: server.tenantId,
    subject_type: subject.type,
    subject_id: subject.id,
    object_type: "server",
    server_id: server.id,
    object_pattern: "*",
    effect: row.flag("can_proxy", true) ? "allow" : "deny",
    valid_from: from,
    valid_until: until,
    days_of_week: days.length === 0 ? null : [...new Set(days.map((day) => day + 1))],
    start_time: hours?.from ?? null,
    end_time: hours?.until ?? null,
    reason: "Imported from the old backend",
    is_active: row.flag("is_active", true),
    ...row.stamps(),
  });
  return { rows: [rule] };
};

function readSubject(row: RowReader, references: References, tenantId: string): { type: string; id: string } {
  const oldKey = row.reference("api_key_id");
  if (oldKey !== undefined) {
    const key = references.key(oldKey);
    if (key?.tenantId !== tenantId) throw new RejectedRow(`API key ${oldKey} is not of the server's tenant`);
    return { type: "key", id: key.id };
  }
  const oldUser = row.reference("user_id");
  if (oldUser === undefined)
    throw new RejectedRow("has neither user nor API key: rules for whole tenants need none");
  const id = references.user(oldUser);
  if (id === undefined) throw new RejectedRow(`user ${oldUser} does not exist`);
  return { type: "user", id };
}

/** Hours of the day as one range; the old backend's list can have gaps, a rule cannot. */
export function readHours(list: readonly unknown[]): { from: string; until: string } | undefined {
  const hours = [...new Set(list.map(Number))].sort((one, other) => one - other);
  if (hours.length === 0 || hours.length === 24) return undefined;
  if (hours.some((hour) => !Number.isInteger(hour) || hour < 0 || hour > 23))
    throw new RejectedRow("allowed_hours contains no hour from 0 to 23");
  const starts = hours.filter((hour) => !hours.includes((hour + 23) % 24));
  const [start] = starts;
  if (start === undefined || starts.length > 1)
    throw new RejectedRow("allowed_hours has gaps: write one rule for each range");
  const format = (hour: number) => `${String(hour % 24).padStart(2, "0")}:00`;
  return { from: format(start), until: format(start + hours.length) };
}
