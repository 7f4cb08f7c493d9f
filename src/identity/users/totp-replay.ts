/**
 * Accepts a time-based code once (RFC 6238 §5.2, ASVS 6.5.1). better-auth's plugin accepts it as often as it is presented
 * while it is valid, so the time step of an account's last code is stored, and a code must be of a later one.
 */
import { createOTP } from "@better-auth/utils/otp";
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import { symmetricDecrypt } from "better-auth/crypto";
import { z } from "zod";
import { timingSafeEqual } from "../../core/timing-safe-equal.ts";
import type { Database } from "../../db/client.ts";
import { findSecondFactor, useTotpStep } from "../../db/queries/identity/second-factors.ts";
import type { RecordEvent } from "./event-recorder.ts";
import { clientIp } from "./hooks.ts";

interface TotpReplayDeps {
  readonly database: Database;
  readonly recordEvent: RecordEvent;
  readonly now: () => number;
}

type EndpointContext = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0];

const STEP_MS = 30_000;
/** Steps before and after the present one of which a code is valid, as in better-auth. */
const WINDOW = 1;

/** As the plugin names the cookie that a password leaves until the second factor is proved. */
const SIGN_IN_COOKIE = "two_factor";

const presentedCode = z.object({ code: z.string().regex(/^\d{6}$/) });

export function createTotpReplayProtection({ database, recordEvent, now }: TotpReplayDeps): BetterAuthPlugin {
  const db = database.asSystem();

  const useCode = createAuthMiddleware(async (ctx) => {
    const code = presentedCode.safeParse(ctx.body).data?.code;
    const userId = code === undefined ? undefined : await findUserId(ctx);
    if (code === undefined || userId === undefined) return;
    const [factor] = await findSecondFactor(db, userId);
    if (factor === undefined) return;
    const secret = await symmetricDecrypt({ key: ctx.context.secretConfig, data: factor.secret });
    const step = await findTotpStep(secret, code, now());
    // The plugin itself rejects a code of no step, and counts it.
    if (step === undefined) return;
    const [used] = await useTotpStep(db, factor.id, step);
    if (used !== undefined) return;
    await recordEvent({
      type: "second-factor.failed",
      description: "The two-factor code had been used already.",
      userId,
      ipAddress: clientIp(ctx.headers),
    });
    throw new APIError("UNAUTHORIZED", { code: "INVALID_CODE", message: "Invalid code" });
  });

  return {
    id: "gateway-totp-replay",
    hooks: {
      before: [{ matcher: ({ path }) => path === "/two-factor/verify-totp", handler: useCode }],
      after: [],
    },
  };
}

/** By the session, or by the cookie of a sign-in whose password was correct. */
async function findUserId(ctx: EndpointContext): Promise<string | undefined> {
  const session = await getSessionFromCtx(ctx);
  if (session !== null) return session.user.id;
  const cookie = ctx.context.createAuthCookie(SIGN_IN_COOKIE);
  const identifier = await ctx.getSignedCookie(cookie.name, ctx.context.secret);
  if (!identifier) return undefined;
  const pending = await ctx.context.internalAdapter.findVerificationValue(identifier);
  return pending?.value;
}

/** The latest step of those in the window that has this code. */
async function findTotpStep(secret: string, code: string, now: number): Promise<number | undefined> {
  const current = Math.floor(now / STEP_MS);
  const otp = createOTP(secret, { digits: 6 });
  let found: number | undefined;
  for (let step = current - WINDOW; step <= current + WINDOW; step += 1) {
    if (timingSafeEqual(await otp.hotp(step), code)) found = step;
  }
  return found;
}
