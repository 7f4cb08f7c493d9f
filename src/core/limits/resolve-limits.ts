/**
 * Which limits hold for a caller, from the rows of rate_limit_configs. A row of the tenant comes before one of the
 * whole system, one for a subject before one for all of its kind; what no row covers has the defaults below.
 */
import { LIMIT_SUBJECTS, type Role } from "../enums.ts";
import type { Limit } from "./algorithms/limit.ts";
import { SYSTEM_KEY } from "./lease/protocol.ts";
import { SYSTEM_LIMIT } from "./lease/tenant-limits.ts";

export interface LimitConfig {
  /** Null: of the whole system. */
  readonly tenantId: string | null;
  readonly subjectType: (typeof LIMIT_SUBJECTS)[number];
  /** A role, user, key or group; null: every subject of the type. */
  readonly subjectId: string | null;
  /** Limits calls to this server, or to its tool with this name (target-limits.ts); null: not limited to one. */
  readonly serverId: string | null;
  readonly toolName: string | null;
  readonly limitCount: number;
  readonly windowSeconds: number;
  readonly burstFactor: number;
}

export interface LimitedPrincipal {
  readonly id: string;
  /** Unauthenticated callers are "anonymous", whatever role they act in. */
  readonly role: Role | "anonymous";
  readonly userId?: string | undefined;
  /** Those whose membership has not expired. */
  readonly groups?: readonly string[] | undefined;
  readonly key?: { readonly id: string; readonly perHour: number; readonly perDay: number } | undefined;
  /** An IPv4 address or an IPv6 network (see clientPrefix); undefined where none is known. */
  readonly place?: string | undefined;
}

export type LimitSubject = LimitConfig["subjectType"];
type LimitTerms = Pick<LimitConfig, "limitCount" | "windowSeconds" | "burstFactor">;

const MINUTE_SECONDS = 60;
const perMinute = (limitCount: number): LimitTerms => ({ limitCount, windowSeconds: 60, burstFactor: 1 });

/** A role's limit is that of each who acts in it, not of all together. */
const ROLE_DEFAULTS: Record<LimitedPrincipal["role"], LimitTerms> = {
  admin: perMinute(1000),
  user: perMinute(100),
  service: perMinute(1000),
  readonly: perMinute(100),
  anonymous: perMinute(20),
};
/** Whole offices share an address. */
const IP_DEFAULT = perMinute(3000);

export type CompiledLimits = ReadonlyMap<string, readonly LimitTerms[]>;

const subjectName = (kind: LimitSubject, id: string | null) => (id === null ? kind : `${kind}:${id}`);

/** `planPerMinute` caps the whole tenant, whatever its own limit for a minute. */
export function compileLimits(configs: readonly LimitConfig[], planPerMinute?: number): CompiledLimits {
  const compiled = compileConfigs(configs);
  return planPerMinute === undefined ? compiled : capTenant(compiled, planPerMinute);
}

function capTenant(limits: CompiledLimits, planPerMinute: number): CompiledLimits {
  const own = limits.get("tenant") ?? [];
  const others = own.filter(({ windowSeconds }) => windowSeconds !== MINUTE_SECONDS);
  const minute = own.find(({ windowSeconds }) => windowSeconds === MINUTE_SECONDS);
  const isWithinPlan = minute !== undefined && minute.limitCount * minute.burstFactor <= planPerMinute;
  return new Map(limits).set("tenant", [...others, isWithinPlan ? minute : perMinute(planPerMinute)]);
}

function compileConfigs(configs: readonly LimitConfig[]): CompiledLimits {
  const ofCallers = configs.filter(({ serverId }) => serverId === null);
  const bySubject = Map.groupBy(ofCallers, ({ subjectType, subjectId }) =>
    subjectName(subjectType, subjectId),
  );
  return new Map(
    [...bySubject].map(([subject, rows]) => {
      const shared = rows.filter(({ tenantId }) => tenantId === null);
      const own = rows.filter(({ tenantId }) => tenantId !== null);
      const overridden = new Set(own.map(({ windowSeconds }) => windowSeconds));
      return [subject, [...own, ...shared.filter(({ windowSeconds }) => !overridden.has(windowSeconds))]];
    }),
  );
}

/** The same array for the same caller is worth keeping: decisions go by it. */
export function resolveLimits(limits: CompiledLimits, principal: LimitedPrincipal): readonly Limit[] {
  const { role, userId, groups = [], key, place } = principal;
  const find = (kind: LimitSubject, id: string | null, fallback: readonly LimitTerms[] = []) =>
    limits.get(subjectName(kind, id)) ?? limits.get(kind) ?? fallback;
  const [roleSubject = ""] = listLimitedSubjects("role", principal);
  const found = [
    ...find("tenant", null).map((terms) => createLimit("tenant", "", terms)),
    ...find("role", role, [ROLE_DEFAULTS[role]]).map((terms) => createLimit("role", roleSubject, terms)),
    ...(userId === undefined ? [] : find("user", userId).map((terms) => createLimit("user", userId, terms))),
    ...groups.flatMap((id) => find("group", id).map((terms) => createLimit("group", id, terms))),
    ...(key === undefined ? [] : keyLimits(key, find("key", key.id))),
    ...(place === undefined
      ? []
      : find("ip", null, [IP_DEFAULT]).map((terms) => createLimit("ip", place, terms))),
  ];
  return [SYSTEM_LIMIT, ...found];
}

/**
 * Whose tokens a limit of this kind takes for a call of the principal: of each group that the principal is in, and of
 * at most one subject of any other kind. The members of a group share its tokens.
 */
export function listLimitedSubjects(
  kind: LimitSubject,
  { id, role, userId, groups, key, place }: LimitedPrincipal,
): readonly string[] {
  if (kind === "group") return groups ?? [];
  if (kind === "tenant") return [""];
  if (kind === "role") return [`${role}:${role === "anonymous" ? (place ?? id) : id}`];
  const subject = {
    user: userId,
    key: key?.id,
    ip: place,
    global: undefined,
    server: undefined,
    tool: undefined,
  }[kind];
  return subject === undefined ? [] : [subject];
}

/**
 * Limits of unauthenticated requests by cost and exposure. `authentication` covers routes that verify or issue
 * credentials, `general` the rest.
 */
const UNAUTHENTICATED_LIMITS = {
  general: perMinute(600),
  authentication: perMinute(60),
} as const satisfies Record<string, LimitTerms>;
export type UnauthenticatedCategory = keyof typeof UNAUTHENTICATED_LIMITS;

/** The limits of a request without a credential, which is known by its address only. */
export function resolveAddressLimits(
  limits: CompiledLimits,
  place: string,
  kind: UnauthenticatedCategory,
): readonly Limit[] {
  const configured = limits.get("ip") ?? [IP_DEFAULT];
  return [
    SYSTEM_LIMIT,
    ...configured.map((terms) => createLimit("ip", place, terms)),
    {
      ...createLimit("ip", place, UNAUTHENTICATED_LIMITS[kind]),
      name: `${kind}-minute`,
      key: `unauthenticated:${kind}:${place}`,
    },
  ];
}

/** The key's own numbers, each replaced by a row for the same window. */
function keyLimits(
  key: NonNullable<LimitedPrincipal["key"]>,
  configured: readonly LimitTerms[],
): readonly Limit[] {
  const own: LimitTerms[] = [
    { limitCount: key.perHour, windowSeconds: 3600, burstFactor: 1 },
    { limitCount: key.perDay, windowSeconds: 86_400, burstFactor: 1 },
  ];
  const replaced = new Set(configured.map(({ windowSeconds }) => windowSeconds));
  return [...own.filter(({ windowSeconds }) => !replaced.has(windowSeconds)), ...configured].map((terms) =>
    createLimit("key", key.id, terms),
  );
}

const WINDOW_NAMES: Readonly<Record<number, string>> = {
  1: "second",
  60: "minute",
  3600: "hour",
  86400: "day",
};

export function createLimit(
  kind: LimitSubject,
  id: string,
  { limitCount, windowSeconds, burstFactor }: LimitTerms,
): Limit {
  return {
    name: `${kind}-${WINDOW_NAMES[windowSeconds] ?? `${windowSeconds}s`}`,
    key: `${kind}:${id}:${windowSeconds}`,
    count: limitCount,
    windowMs: windowSeconds * 1000,
    burst: burstFactor,
  };
}

/** Whose tokens a key stands for; undefined for the system's own. */
export interface KeyedLimit {
  readonly kind: LimitSubject;
  /** What the key's own limits are known by: a role's caller has the role before them. */
  readonly subject: string;
  readonly windowSeconds: number;
}

export function parseLimitKey(key: string): KeyedLimit | undefined {
  const [, kind, subject = "", seconds] = /^(\w+):(.*):(\d+)$/.exec(key) ?? [];
  const known = LIMITED_KINDS.find((each) => each === kind);
  return known && { kind: known, subject, windowSeconds: Number(seconds) };
}

/** The system's own limit has no subject. */
const LIMITED_KINDS = LIMIT_SUBJECTS.filter((kind) => kind !== "global");

/** How many may be spent in one window; undefined for a key's own limits, which stand with the key. */
export function maxForSubject(
  limits: CompiledLimits,
  { kind, subject, windowSeconds }: KeyedLimit,
): number | undefined {
  const role = LIMITED_ROLES.find((each) => subject.startsWith(`${each}:`));
  const id = kind === "role" ? role : subject;
  const fallback =
    kind === "ip" ? [IP_DEFAULT] : kind === "role" && role !== undefined ? [ROLE_DEFAULTS[role]] : [];
  const found = limits.get(`${kind}:${id}`) ?? limits.get(kind) ?? fallback;
  const terms = found.find((each) => each.windowSeconds === windowSeconds);
  return terms && Math.floor(terms.limitCount * terms.burstFactor);
}

const LIMITED_ROLES = [
  "admin",
  "user",
  "service",
  "readonly",
  "anonymous",
] as const satisfies readonly LimitedPrincipal["role"][];

/** The system limit is reported only when it is the one that rejects. */
export const isReported = (limit: Limit) => limit.key !== SYSTEM_KEY;
