/**
 * The signed-in user: better-auth's session cookie, read without better-auth, since one query returns
 * the person, the tenant they chose and their role in it. A cookie that we did not sign costs no query.
 */
import { type PrincipalGroup, parseGroups } from "../../core/access/groups.ts";
import { ROLE_SCOPES } from "../../core/access/permissions.ts";
import {
  parseSecondFactorFrom,
  type SecondFactorDuty,
  secondFactorDuty,
} from "../../core/access/second-factor-rule.ts";
import { hmacSha256 } from "../../core/digest.ts";
import { HOUR_MS, MINUTE_MS } from "../../core/durations.ts";
import { readSettings, type StoredSetting } from "../../core/settings/values.ts";
import { timingSafeEqual } from "../../core/timing-safe-equal.ts";
import type { Database } from "../../db/client.ts";
import { loadSessionFacts, touchSession } from "../../db/queries/identity/user-accounts.ts";
import { NO_TENANT_ID, type Principal } from "../principal.ts";
import { readCookie, sessionCookieName } from "./cookies.ts";

export interface SignedInUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly sessionId: string;
  readonly expiresAt: Date;
  readonly lastActivity: Date;
  readonly limits: SessionLimits;
  /** When they proved last who they are: sessions are never renewed without a new proof. */
  readonly authenticatedAt: Date;
  readonly isOperator: boolean;
  readonly twoFactorEnabled: boolean;
  /** Of the current tenant: whether it requires a second factor that this user does not have. */
  readonly secondFactorDuty: SecondFactorDuty;
  /** While it is pending: from when on it is required. */
  readonly secondFactorFrom: Date | undefined;
  /** The identity provider of the tenant that they signed in at. */
  readonly identityProviderId: string | undefined;
  /** Whether that provider has checked a second factor. */
  readonly isSecondFactorProved: boolean;
  /** The admin who acts as this person. */
  readonly impersonatorId: string | undefined;
  /** The chosen one, while the user is a member of it and it is active. */
  readonly tenant: ActiveTenant | undefined;
}

export interface ActiveTenant {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly role: Principal["role"];
  readonly groups: readonly PrincipalGroup[] | undefined;
}

/** How long a session may be in the organization that it is in. */
export interface SessionLimits {
  /** From its last activity. */
  readonly idleMs: number;
  /** From its sign-in, however active it is. */
  readonly longestMs: number;
}

export interface UserSessions {
  /** The signed cookie's value as the request carries it. */
  findCookie(cookies: string | null | undefined): string | undefined;
  find(cookie: string, now: Date): Promise<SignedInUser | undefined>;
  /**
   * Records that the person is active, at most once a minute, and moves the session's end to `lifetimeMs` from now, within
   * the longest lifetime of a session. True where the end has moved. An impersonation keeps its end.
   */
  touch(person: SignedInUser, lifetimeMs: number, now: Date): Promise<boolean>;
}

/** Of a session, from its last activity. */
export const SESSION_LIFETIME_MS = 7 * 86_400_000;
/** Of a session that ends with the browser, as better-auth creates it. */
export const BROWSER_SESSION_LIFETIME_MS = 86_400_000;
const ACTIVITY_INTERVAL_MS = 60_000;

export function createSessions(
  database: Database,
  settings: { publicUrl: string; secret: string },
): UserSessions {
  const name = sessionCookieName(settings.publicUrl);
  return {
    findCookie: (cookies) => readCookie(cookies ?? "", name),
    async touch({ sessionId, lastActivity, authenticatedAt, impersonatorId, limits }, lifetimeMs, now) {
      if (now.getTime() - lastActivity.getTime() < ACTIVITY_INTERVAL_MS) return false;
      const isSliding = impersonatorId === undefined;
      const latest = authenticatedAt.getTime() + limits.longestMs;
      const next = Math.min(now.getTime() + Math.min(lifetimeMs, limits.idleMs), latest);
      const expiresAt = isSliding ? new Date(next) : undefined;
      await touchSession(database.asSystem(), sessionId, { lastActivity: now, expiresAt });
      return isSliding;
    },
    async find(cookie, now) {
      const token = await openSignedCookie(cookie, settings.secret);
      if (token === undefined) return undefined;
      const [row] = await loadSessionFacts(database.asSystem(), token);
      if (row === undefined || !row.isSessionActive || row.expiresAt <= now || !row.isPersonActive) {
        return undefined;
      }
      // The sign-in library moves the end of a session as well, without a limit.
      const limits = readSessionLimits(row.lifetimes);
      const end = Math.min(
        row.authenticatedAt.getTime() + limits.longestMs,
        row.lastActivity.getTime() + limits.idleMs,
      );
      if (now.getTime() >= end) return undefined;
      if (row.banned && (row.banExpires === null || row.banExpires > now)) return undefined;
      if (row.identityProviderId !== null && row.isProviderActive !== true) return undefined;
      const { tenantId, tenantName, tenantSlug, role } = row;
      const isMember = tenantId !== null && tenantName !== null && tenantSlug !== null && role !== null;
      return {
        id: row.userId,
        name: row.name,
        email: row.email,
        sessionId: row.sessionId,
        expiresAt: new Date(Math.min(row.expiresAt.getTime(), end)),
        limits,
        lastActivity: row.lastActivity,
        authenticatedAt: row.authenticatedAt,
        // Acting as an operator is not what impersonation is for, nor what an organization's provider may vouch for.
        isOperator:
          row.systemRole === "admin" && row.impersonatedBy === null && row.identityProviderId === null,
        twoFactorEnabled: row.twoFactorEnabled,
        ...readSecondFactorDuty(row, now),
        identityProviderId: row.identityProviderId ?? undefined,
        isSecondFactorProved: row.isSecondFactorProved,
        impersonatorId: row.impersonatedBy ?? undefined,
        tenant:
          isMember && row.tenantStatus === "active" && mayEnter(row)
            ? { id: tenantId, name: tenantName, slug: tenantSlug, role, groups: parseGroups(row.groups) }
            : undefined,
      };
    },
  };
}

function readSessionLimits(rows: readonly StoredSetting[] | null): SessionLimits {
  const settings = readSettings(rows ?? []);
  return {
    idleMs: settings["sessions.idle_minutes"] * MINUTE_MS,
    longestMs: settings["sessions.max_hours"] * HOUR_MS,
  };
}

type SessionFacts = Awaited<ReturnType<typeof loadSessionFacts>>[number];

/** By single sign-on only into the provider's own tenant, and otherwise not where the tenant requires single sign-on. */
function mayEnter(row: SessionFacts): boolean {
  if (row.identityProviderId !== null) return row.providerTenantId === row.tenantId;
  return !row.isSsoRequired || row.impersonatedBy !== null;
}

/** An impersonating admin cannot set up the second factor of the user, and is bound by the requirement in person. */
function readSecondFactorDuty(row: SessionFacts, now: Date) {
  const isEnabled = row.twoFactorEnabled || row.isSecondFactorProved || row.impersonatedBy !== null;
  return {
    secondFactorDuty: secondFactorDuty({ setting: row.secondFactorFrom, isEnabled }, now),
    secondFactorFrom: parseSecondFactorFrom(row.secondFactorFrom),
  };
}

export const hasSecondFactor = (person: SignedInUser) =>
  person.twoFactorEnabled || person.isSecondFactorProved;

export function toPrincipal(person: SignedInUser): Principal | undefined {
  const { id, tenant, isOperator, sessionId, impersonatorId, authenticatedAt } = person;
  if (tenant === undefined && !isOperator) return undefined;
  return {
    id: `person:${id}`,
    // Matches no rows: an operator need not be a member of a tenant.
    tenantId: tenant?.id ?? NO_TENANT_ID,
    userId: id,
    apiKeyId: undefined,
    role: tenant?.role ?? "readonly",
    ...(tenant?.groups !== undefined && { groups: tenant.groups }),
    scopes: ROLE_SCOPES[isOperator ? "admin" : (tenant?.role ?? "readonly")],
    via: "session",
    isOperator,
    sessionId,
    authenticatedAt,
    ...(person.secondFactorDuty === "missing" && { isSecondFactorMissing: true }),
    ...(impersonatorId !== undefined && { impersonatorId }),
  };
}

/** `value.signature`, percent-encoded as a whole; the signature is HMAC-SHA256 in base64 (better-call, cookies). */
async function openSignedCookie(cookie: string, secret: string): Promise<string | undefined> {
  let text: string;
  try {
    text = decodeURIComponent(cookie);
  } catch {
    return undefined;
  }
  const at = text.lastIndexOf(".");
  if (at < 1) return undefined;
  const value = text.slice(0, at);
  const signature = btoa(String.fromCharCode(...(await hmacSha256(secret, value))));
  return timingSafeEqual(signature, text.slice(at + 1)) ? value : undefined;
}
