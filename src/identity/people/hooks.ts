/**
 * What the gateway adds around better-auth's own endpoints, whoever calls them, page or program: guessing is slowed and
 * written down, and what an admin does to a person leaves a record.
 */
import { APIError, createAuthMiddleware, isAPIError } from "better-auth/api";
import type { SecurityEventType } from "../../core/security-events.ts";
import type { Database } from "../../db/client.ts";
import { passwordHashOf, replacePasswordHash } from "../../db/queries/people.ts";
import { recordAudit, recordSecurityEvent } from "../../db/queries/security.ts";
import type { Attempts, Begun, Trial } from "./attempts.ts";
import { hashPassword, isOutdated } from "./passwords.ts";

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
      readonly session: { readonly id: string; readonly impersonatedBy?: unknown };
    } | null;
  };
}

const TRIALS: Readonly<Record<string, Trial["what"]>> = {
  "/sign-in/email": "login",
  "/sign-in/username": "login",
  "/request-password-reset": "reset",
  "/send-verification-email": "reset",
  "/oauth2/register": "registration",
};

const ADMIN_ACTS: Readonly<Record<string, SecurityEventType | undefined>> = {
  "/admin/ban-user": "person.banned",
  "/admin/unban-user": "person.unbanned",
  "/admin/impersonate-user": "impersonation.started",
  "/admin/stop-impersonating": "impersonation.ended",
  "/admin/revoke-user-session": undefined,
  "/admin/revoke-user-sessions": undefined,
};

const OWN_ACTS: Readonly<Record<string, SecurityEventType>> = {
  "/change-password": "password.changed",
  "/reset-password": "password.changed",
  "/two-factor/disable": "second-factor.disabled",
};

export const clientIp = (headers: Headers | undefined) => headers?.get("cf-connecting-ip") ?? "unknown";

interface HookParts {
  readonly database: Database;
  readonly attempts: Attempts;
  readonly personChanged: (userId: string) => Promise<void>;
}

export function createHooks({ database, attempts, personChanged }: HookParts) {
  const begun = new WeakMap<object, { trial: Trial; begun: Begun }>();

  const before = createAuthMiddleware(async (ctx) => {
    const trial = trialOf(ctx);
    if (trial === undefined) return;
    const started = await attempts.begin(trial);
    if (!started.ok) {
      const seconds = started.retryAfterSeconds;
      throw new APIError(
        "TOO_MANY_REQUESTS",
        { code: "TOO_MANY_ATTEMPTS", message: `Too many attempts. Try again in ${seconds} seconds.` },
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
    await record(database, ctx);
    const subject = textOf(ctx.body, "userId");
    if (subject !== undefined && Object.hasOwn(ADMIN_ACTS, ctx.path)) await personChanged(subject);
  });

  async function judge(ctx: Call, tried: { trial: Trial; begun: Begun }, refused: boolean): Promise<void> {
    // Asking for a mail or registering a client proves nothing, so these go on counting.
    if (refused || tried.trial.what !== "login") return attempts.failed(tried.trial, tried.begun);
    await attempts.succeeded(tried.trial);
    const userId = ctx.context.newSession?.user.id;
    const password = textOf(ctx.body, "password");
    if (userId !== undefined && password !== undefined) await renewHash(database, userId, password);
  }

  async function secondFactorFailed(ctx: Call): Promise<void> {
    const error = ctx.context.returned;
    const code = isAPIError(error) ? error.body?.code : undefined;
    const blocked = code === "ACCOUNT_TEMPORARILY_LOCKED" || code === "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE";
    await recordSecurityEvent(database.asSystem(), {
      type: blocked ? "second-factor.blocked" : "second-factor.failed",
      description: blocked ? "Second factors have to wait." : "A second factor did not match.",
      userId: ctx.context.session?.user.id,
      ipAddress: clientIp(ctx.headers),
    });
  }

  return { before, after };
}

function trialOf({ path = "", body, headers }: Call): Trial | undefined {
  const what = TRIALS[path];
  if (what === undefined) return undefined;
  const subject = (textOf(body, "email") ?? textOf(body, "username"))?.trim().toLowerCase();
  return { what, subject, ip: clientIp(headers) };
}

async function record(database: Database, { path = "", body, headers, context }: Call): Promise<void> {
  const own = OWN_ACTS[path];
  const isAdminAct = Object.hasOwn(ADMIN_ACTS, path);
  if (own === undefined && !isAdminAct) return;
  const actor = context.session;
  const impersonator = actor?.session.impersonatedBy;
  const impersonatorId = typeof impersonator === "string" ? impersonator : undefined;
  const subject = textOf(body, "userId");
  const db = database.asSystem();
  const type = own ?? ADMIN_ACTS[path];
  const from = { userId: actor?.user.id, ipAddress: clientIp(headers) };
  await recordAudit(db, {
    ...from,
    sessionId: actor?.session.id,
    impersonatorId,
    action: type ?? "person.sessions-revoked",
    resourceType: "person",
    resourceId: subject ?? actor?.user.id,
    success: true,
    userAgent: headers?.get("user-agent")?.slice(0, 500),
    details: { reason: textOf(body, "banReason") },
  });
  if (type === undefined) return;
  await recordSecurityEvent(db, {
    ...from,
    type,
    description: `${path.split("/").at(-1)}: ${subject ?? "themselves"}`,
    details: { subject, impersonatorId },
  });
}

/** Stronger parameters take over while the password is at hand. */
async function renewHash(database: Database, userId: string, password: string): Promise<void> {
  const db = database.asSystem();
  const [row] = await passwordHashOf(db, userId);
  if (row?.password == null || !isOutdated(row.password)) return;
  await replacePasswordHash(db, row.id, row.password, await hashPassword(password));
}

function textOf(body: unknown, name: string): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const value: unknown = Reflect.get(body, name);
  return typeof value === "string" ? value : undefined;
}
