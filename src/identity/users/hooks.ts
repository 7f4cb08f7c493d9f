/**
 * Hooks around the better-auth endpoints, for pages and programs alike: attempts are limited and recorded, and
 * administrative actions on users are audited.
 */
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import type { SecurityEventType } from "../../core/security-events.ts";
import type { Database } from "../../db/client.ts";
import { findOtherMembership } from "../../db/queries/identity/sso.ts";
import {
  findPasswordHash,
  findUserBySignInName,
  replacePasswordHash,
} from "../../db/queries/identity/user-accounts.ts";
import { recordAudit, recordSecurityEvent } from "../../db/queries/logs/security.ts";
import type { Attempt, AttemptDecision, AttemptLimiter } from "./attempt-limiter.ts";
import type { RecordEvent } from "./event-recorder.ts";
import { type NewPasswordDeps, rejectWeakPassword } from "./new-password.ts";
import type { NotifyUser } from "./notify-user.ts";
import { hashPassword, isOutdated } from "./passwords.ts";
import { isRecent, PASSWORD_CHECKS, SECOND_FACTOR_SETUP, SENSITIVE_PATHS } from "./step-up.ts";

/** As much of better-auth's endpoint context as is read here. */
interface Call {
  readonly path?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Headers | undefined;
  readonly context: {
    readonly returned?: unknown;
    readonly newSession?: { readonly user: { readonly id: string } } | null;
    readonly session?: {
      readonly user: { readonly id: string };
      readonly session: {
        readonly id: string;
        readonly impersonatedBy?: unknown;
        readonly activeTenantId?: unknown;
      };
    } | null;
  };
}

/** Which endpoint tries what, and the one member of its body that names the account. */
const LIMITED_PATHS: Readonly<Record<string, { what: Attempt["what"]; subject?: "email" | "username" }>> = {
  "/sign-in/email": { what: "login", subject: "email" },
  "/sign-in/username": { what: "login", subject: "username" },
  "/request-password-reset": { what: "reset", subject: "email" },
  "/send-verification-email": { what: "reset", subject: "email" },
  "/passkey/verify-authentication": { what: "login" },
  "/oauth2/register": { what: "registration" },
};

export const IMPERSONATION = "/admin/impersonate-user";
const MAX_REASON = 500;

const ADMIN_ACTIONS: Readonly<Record<string, SecurityEventType | undefined>> = {
  "/admin/ban-user": "user.banned",
  "/admin/unban-user": "user.unbanned",
  [IMPERSONATION]: "impersonation.started",
  "/admin/stop-impersonating": "impersonation.ended",
  "/admin/revoke-user-session": undefined,
  "/admin/revoke-user-sessions": undefined,
};

const USER_ACTIONS: Readonly<Record<string, SecurityEventType>> = {
  "/change-password": "password.changed",
  "/two-factor/disable": "second-factor.disabled",
  "/two-factor/generate-backup-codes": "second-factor.codes-replaced",
  "/unlink-account": "account.unlinked",
  "/passkey/verify-registration": "passkey.added",
  "/passkey/delete-passkey": "passkey.removed",
};

/** Security events that the user is notified of by email, because they change how the account is accessed. */
const NOTIFIED_ACTIONS: Readonly<Partial<Record<SecurityEventType, string>>> = {
  "password.changed": "Your password was changed",
  "second-factor.enabled": "Two-factor authentication was enabled",
  "second-factor.disabled": "Two-factor authentication was disabled",
  "second-factor.codes-replaced": "The backup codes of your account were replaced",
  "account.unlinked": "A sign-in provider was disconnected from your account",
  "passkey.added": "A passkey was added to your account",
  "passkey.removed": "A passkey was removed from your account",
};

const BANNED_SIGN_IN = {
  type: "login.banned",
  description: "A banned user tried to sign in with the right password.",
} as const;

/** Of a rejected call; undefined for any other. */
function errorCode({ context: { returned } }: Call): string | undefined {
  return isAPIError(returned) ? returned.body?.code : undefined;
}

export const clientIp = (headers: Headers | undefined) => headers?.get("cf-connecting-ip") ?? "unknown";

export interface HookDeps extends NewPasswordDeps {
  readonly attempts: AttemptLimiter;
  readonly recordEvent: RecordEvent;
  readonly notifyUser: NotifyUser;
  readonly onUserChanged: (userId: string) => Promise<void>;
  readonly now: () => number;
}

type EndpointContext = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0];

export function createHooks(parts: HookDeps) {
  const { database, attempts, recordEvent, onUserChanged } = parts;
  const begun = new WeakMap<object, { trial: Attempt; begun: AttemptDecision }>();

  const before = createAuthMiddleware(async (ctx) => {
    if (ctx.path === IMPERSONATION) requireReason(ctx.body);
    if (ctx.path.startsWith("/admin/")) await refuseSsoSession(database, ctx);
    const userId = SENSITIVE_PATHS.has(ctx.path) ? await requireRecentSession(ctx, parts.now()) : undefined;
    if (userId !== undefined) await refuseSsoSession(database, ctx);
    await rejectWeakPassword(parts, ctx);
    const trial = await createAttempt(database, ctx, userId);
    if (trial === undefined) return;
    const started = await attempts.start(trial);
    if (!started.ok) {
      const seconds = started.retryAfterSeconds;
      throw new APIError(
        "TOO_MANY_REQUESTS",
        { code: "TOO_MANY_ATTEMPTS", message: `Too many attempts. Retry in ${seconds} s.` },
        { "Retry-After": String(seconds) },
      );
    }
    begun.set(ctx.context, { trial, begun: started });
  });

  const after = createAuthMiddleware(async (ctx) => {
    const refused = isAPIError(ctx.context.returned);
    const tried = begun.get(ctx.context);
    if (tried !== undefined) await judge(ctx, tried, refused);
    if (refused && ctx.path.startsWith("/two-factor/verify-")) await secondFactorFailed(ctx);
    if (refused) return;
    await record(parts, ctx);
    const subject = readText(ctx.body, "userId");
    if (subject !== undefined && Object.hasOwn(ADMIN_ACTIONS, ctx.path)) await onUserChanged(subject);
  });

  async function judge(
    ctx: Call,
    tried: { trial: Attempt; begun: AttemptDecision },
    refused: boolean,
  ): Promise<void> {
    // Requesting a mail or registering a client proves nothing, so these are always counted.
    const isProof = tried.trial.what === "login" || tried.trial.what === "password";
    if (refused || !isProof) {
      const isBanned = errorCode(ctx) === "BANNED_USER";
      const context = isBanned ? { event: BANNED_SIGN_IN, userId: tried.trial.subject } : {};
      return attempts.recordFailure(tried.trial, tried.begun, context);
    }
    await attempts.recordSuccess(tried.trial);
    const userId = ctx.context.newSession?.user.id;
    const password = readText(ctx.body, "password");
    if (userId !== undefined && password !== undefined) await renewHash(database, userId, password);
  }

  async function secondFactorFailed(ctx: Call): Promise<void> {
    const code = errorCode(ctx);
    const blocked = code === "ACCOUNT_TEMPORARILY_LOCKED" || code === "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE";
    await recordEvent({
      type: blocked ? "second-factor.blocked" : "second-factor.failed",
      description: blocked ? "Further two-factor codes are delayed." : "Incorrect two-factor code.",
      userId: ctx.context.session?.user.id,
      ipAddress: clientIp(ctx.headers),
    });
  }

  return { before, after };
}

/**
 * The account is named by the member that the endpoint itself reads, and counted by its id: by its address or by its
 * name, it is the same account.
 */
async function createAttempt(
  database: Database,
  { path = "", body, headers }: Call,
  userId: string | undefined,
): Promise<Attempt | undefined> {
  const ip = clientIp(headers);
  if (PASSWORD_CHECKS.has(path)) {
    return userId === undefined ? undefined : { what: "password", subject: userId, ip };
  }
  const trial = LIMITED_PATHS[path];
  if (trial === undefined) return undefined;
  const { what, subject: member } = trial;
  const named = member && readText(body, member)?.trim().toLowerCase();
  if (member === undefined || named === undefined) return { what, ip };
  const [person] = await findUserBySignInName(database.asSystem(), { [member]: named });
  return { what, subject: person?.id ?? named, ip };
}

function requireReason(body: unknown): void {
  const length = readText(body, "reason")?.trim().length ?? 0;
  if (length > 0 && length <= MAX_REASON) return;
  throw new APIError("BAD_REQUEST", {
    code: "REASON_REQUIRED",
    message: `Impersonation requires a reason of at most ${MAX_REASON} characters.`,
  });
}

/**
 * An organization vouches for its member in its own tenant. What outlives the session, or reaches other tenants, is not
 * its provider's to change; a second factor may be added where the member is in no other tenant.
 */
async function refuseSsoSession(database: Database, ctx: EndpointContext): Promise<void> {
  const found = await getSessionFromCtx(ctx);
  if (found === null) return;
  const { identityProviderId, activeTenantId } = found.session;
  if (typeof identityProviderId !== "string") return;
  if (SECOND_FACTOR_SETUP.has(ctx.path) && typeof activeTenantId === "string") {
    const [other] = await findOtherMembership(database.asSystem(), found.user.id, activeTenantId);
    if (other === undefined) return;
  }
  throw new APIError("FORBIDDEN", {
    code: "SSO_SESSION",
    message: "Sign-in methods cannot be changed in a session of single sign-on.",
  });
}

/** Undefined without a session; the endpoint itself rejects the request then. */
async function requireRecentSession(ctx: EndpointContext, now: number): Promise<string | undefined> {
  const found = await getSessionFromCtx(ctx);
  if (found === null) return undefined;
  if (typeof Reflect.get(found.session, "impersonatedBy") === "string") {
    throw new APIError("FORBIDDEN", {
      code: "IMPERSONATING",
      message: "Sign-in methods cannot be changed while impersonating.",
    });
  }
  if (!isRecent(new Date(found.session.createdAt), now)) {
    throw new APIError("FORBIDDEN", {
      code: "SIGN_IN_AGAIN",
      message: "This change requires a recent sign-in. Sign in again and retry.",
    });
  }
  return found.user.id;
}

/** With a session before it, a verified code enables the second factor; without one, it completes a sign-in. */
const hasEnabledSecondFactor = ({ path, context }: Call) =>
  path === "/two-factor/verify-totp" && context.session != null && context.newSession != null;

async function record(parts: HookDeps, call: Call): Promise<void> {
  const { path = "", body, headers, context } = call;
  const own = hasEnabledSecondFactor(call) ? "second-factor.enabled" : USER_ACTIONS[path];
  const isAdminAct = Object.hasOwn(ADMIN_ACTIONS, path);
  if (own === undefined && !isAdminAct) return;
  const actor = context.session;
  const impersonator = actor?.session.impersonatedBy;
  const impersonatorId = typeof impersonator === "string" ? impersonator : undefined;
  const subject = readText(body, "userId");
  const db = parts.database.asSystem();
  const type = own ?? ADMIN_ACTIONS[path];
  const tenantId = actor?.session.activeTenantId;
  const from = {
    tenantId: typeof tenantId === "string" ? tenantId : undefined,
    userId: actor?.user.id,
    ipAddress: clientIp(headers),
  };
  await recordAudit(db, {
    ...from,
    sessionId: actor?.session.id,
    impersonatorId,
    action: type ?? "person.sessions-revoked",
    resourceType: "person",
    resourceId: subject ?? actor?.user.id,
    success: true,
    userAgent: headers?.get("user-agent")?.slice(0, 500),
    details: { reason: readText(body, path === IMPERSONATION ? "reason" : "banReason") },
  });
  if (type === undefined) return;
  await recordSecurityEvent(db, {
    ...from,
    type,
    description: `${path.split("/").at(-1)}: ${subject ?? "themselves"}`,
    details: { subject, impersonatorId },
  });
  const notice = NOTIFIED_ACTIONS[type];
  if (notice !== undefined && actor != null) parts.notifyUser(actor.user.id, notice);
}

/** Replaces a hash with outdated parameters while the password is available. */
async function renewHash(database: Database, userId: string, password: string): Promise<void> {
  const db = database.asSystem();
  const [row] = await findPasswordHash(db, userId);
  if (row?.password == null || !isOutdated(row.password)) return;
  await replacePasswordHash(db, row.id, row.password, await hashPassword(password));
}

function readText(body: unknown, name: string): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const value: unknown = Reflect.get(body, name);
  return typeof value === "string" ? value : undefined;
}
