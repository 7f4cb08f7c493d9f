/** better-auth as the gateway uses it: people, their sessions and second factors, and the OAuth server's ground. */
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { admin, genericOAuth, jwt, username } from "better-auth/plugins";
import type { Database } from "../../db/client.ts";
import {
  deleteProvider,
  listOpenInvitations,
  loadSignInFacts,
  saveProvider,
} from "../../db/queries/identity/user-accounts.ts";
import { recordAudit, recordSecurityEvent } from "../../db/queries/logs/security.ts";
import * as schema from "../../db/schema/index.ts";
import type { EmailSender } from "../../email/mailer.ts";
import { passwordResetEmail, verificationEmail } from "../../email/templates.ts";
import type { AccessTokens } from "../oauth/access-tokens.ts";
import { createAuthorizationServer } from "../oauth/authorization-server.ts";
import type { ClientMetadataDeps } from "../oauth/client-metadata.ts";
import { withComputedResources } from "../oauth/resources.ts";
import { createReplayProtection } from "../oauth/token-replay.ts";
import { createSsoSignIn, type SsoDeps } from "../sso/sign-in.ts";
import type { AttemptLimiter } from "./attempt-limiter.ts";
import { AUTH_PATH } from "./auth-path.ts";
import { cookiePrefix } from "./cookies.ts";
import type { RecordEvent } from "./event-recorder.ts";
import { clientIp, createHooks } from "./hooks.ts";
import type { NotifyUser } from "./notify-user.ts";
import { createPasskeys } from "./passkeys.ts";
import type { JudgeNewPassword } from "./password-policy.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { USERNAME } from "./profile.ts";
import { twoFactorEverywhere } from "./provider-second-factor.ts";
import { SESSION_LIFETIME_MS } from "./sessions.ts";
import { createSignInRecorder } from "./sign-in-recorder.ts";
import { SOCIAL_NAMES, SOCIAL_PROVIDERS, type SocialClients, socialConfigs } from "./social-providers.ts";
import { startSession } from "./start-session.ts";
import { createTotpReplayProtection } from "./totp-replay.ts";

export interface AuthDeps {
  readonly database: Database;
  readonly publicUrl: string;
  readonly mcpUrl: string;
  readonly secret: string;
  readonly social: SocialClients;
  readonly dynamicRegistration: boolean;
  readonly sendMail: EmailSender;
  readonly attempts: AttemptLimiter;
  readonly recordEvent: RecordEvent;
  readonly notifyUser: NotifyUser;
  readonly judgeNewPassword: JudgeNewPassword;
  /** Work that goes on after the answer, so that its duration reveals nothing. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly clientDocuments: ClientMetadataDeps;
  readonly accessTokens: AccessTokens;
  readonly onUserChanged: (userId: string) => Promise<void>;
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  readonly isAllowedUrl: SsoDeps["isAllowedUrl"];
  readonly openClientSecret: SsoDeps["openClientSecret"];
  readonly now: () => number;
}

export type Auth = ReturnType<typeof createAuth>;

const DAY = 86_400;

export function createAuth(parts: AuthDeps) {
  const { database, publicUrl, mcpUrl, sendMail } = parts;
  const db = database.asSystem();
  const isSecure = publicUrl.startsWith("https:");
  return betterAuth({
    appName: "MCP Registry Gateway",
    baseURL: publicUrl,
    basePath: AUTH_PATH,
    secret: parts.secret,
    database: withComputedResources(drizzleAdapter(db, { provider: "pg", schema }), mcpUrl),
    // Its log lines carry what callers sent.
    logger: { disabled: true },
    telemetry: { enabled: false },
    // Failures, as opposed to refusals, are for the edge to answer and to log, without what the database was sent.
    onAPIError: { throw: true, errorURL: `${publicUrl}/sign-in/error` },
    trustedOrigins: [publicUrl],
    // Ours, by account and address, counts failures in the database (people/attempts.ts).
    rateLimit: { enabled: false },
    advanced: {
      database: { generateId: "uuid" },
      cookiePrefix: cookiePrefix(publicUrl),
      // The prefix above is stricter than the __Secure- that this would add.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: isSecure, httpOnly: true, sameSite: "lax", path: "/" },
      ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
      // Mails: the time of sending one would reveal which addresses have an account.
      backgroundTasks: { handler: parts.waitUntil },
    },
    session: {
      expiresIn: SESSION_LIFETIME_MS / 1000,
      updateAge: DAY / 24,
      additionalFields: {
        activeTenantId: { type: "string", required: false, input: false },
        identityProviderId: { type: "string", required: false, input: false },
        isSecondFactorProved: { type: "boolean", required: false, input: false },
      },
    },
    verification: {
      // Links and challenges are secrets; only what a signed cookie protects besides stays readable, to be listed.
      storeIdentifier: { default: "hashed", overrides: { "trust-device-": "plain" } },
    },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      requireEmailVerification: true,
      minPasswordLength: 12,
      maxPasswordLength: 128,
      revokeSessionsOnPasswordReset: true,
      password: { hash: hashPassword, verify: ({ hash, password }) => verifyPassword(hash, password) },
      async onPasswordReset({ user }) {
        parts.notifyUser(user.id, "Your password was changed");
        await recordPasswordReset(parts, user.id);
        await parts.onUserChanged(user.id);
      },
      async sendResetPassword({ user, token }) {
        await sendMail(passwordResetEmail(user.email, `${publicUrl}/reset-password?token=${token}`));
      },
    },
    emailVerification: {
      async sendVerificationEmail({ user, token }) {
        await sendMail(verificationEmail(user.email, `${publicUrl}/verify-email?token=${token}`));
      },
    },
    account: {
      encryptOAuthTokens: true,
      // A provider account is linked by a person who is signed in, and never because the addresses are the same; and a
      // provider's address is used only if the provider states that it has verified it.
      accountLinking: { enabled: true, trustedProviders: [], disableImplicitLinking: true },
    },
    databaseHooks: {
      user: {
        create: {
          // Reached by social sign-up only: all other people are made by an invitation or the setup link.
          async before(user) {
            const [invited] = await listOpenInvitations(db, user.email, new Date(parts.now()));
            if (invited === undefined || !user.emailVerified) {
              throw new APIError("FORBIDDEN", {
                code: "INVITATION_NEEDED",
                message: "An invitation is required.",
              });
            }
          },
        },
      },
      account: {
        create: {
          async after(account, ctx) {
            if (account.providerId === "credential") return;
            await saveProvider(db, account);
            await recordLinked(parts, account, ctx?.headers);
          },
        },
        delete: {
          async after({ userId, providerId }) {
            await deleteProvider(db, userId, providerId);
          },
        },
      },
      session: {
        delete: { after: ({ userId }) => parts.onUserChanged(userId) },
        create: {
          before: async (session, ctx) => ({ data: await startSession(parts, session, ctx) }),
        },
      },
    },
    hooks: createHooks(parts),
    plugins: [
      username({
        minUsernameLength: 3,
        maxUsernameLength: 64,
        usernameValidator: (name) => USERNAME.test(name),
      }),
      admin({ impersonationSessionDuration: 3600 }),
      twoFactorEverywhere(
        // Those who sign in through a provider only have no password to repeat; a recent sign-in stands for it.
        { issuer: new URL(publicUrl).host, trustDeviceMaxAge: 30 * DAY, allowPasswordless: true },
        publicUrl,
      ),
      createPasskeys(parts),
      createSsoSignIn(parts),
      genericOAuth({ config: socialConfigs(parts.social, parts.fetch) }),
      jwt({
        jwks: { keyPairConfig: { alg: "ES256" }, rotationInterval: 90 * DAY, gracePeriod: 30 * DAY },
        jwt: { issuer: publicUrl },
        disableSettingJwtHeader: true,
      }),
      createAuthorizationServer(parts),
      createReplayProtection(parts),
      createTotpReplayProtection(parts),
      createSignInRecorder(database),
    ],
  });
}

/** By the link of an email, so without a session: it is logged for the organization that manages the account. */
async function recordPasswordReset({ database }: AuthDeps, userId: string): Promise<void> {
  const db = database.asSystem();
  const [facts] = await loadSignInFacts(db, userId);
  const of = { tenantId: facts?.homeId, userId };
  await db.batch([
    recordAudit(db, {
      ...of,
      action: "password.changed",
      resourceType: "person",
      resourceId: userId,
      success: true,
      details: { by: "reset link" },
    }),
    recordSecurityEvent(db, {
      ...of,
      type: "password.changed",
      description: "The password was set by a reset link.",
    }),
  ]);
}

async function recordLinked(
  { database, notifyUser }: AuthDeps,
  { userId, providerId }: { userId: string; providerId: string },
  headers: Headers | undefined,
): Promise<void> {
  const db = database.asSystem();
  const known = SOCIAL_PROVIDERS.find((provider) => provider === providerId);
  const provider = known === undefined ? providerId : SOCIAL_NAMES[known];
  const ipAddress = clientIp(headers);
  const audit = { action: "account.linked", resourceType: "person", resourceId: userId, success: true };
  await db.batch([
    recordAudit(db, { ...audit, userId, ipAddress, details: { provider: providerId } }),
    recordSecurityEvent(db, {
      type: "account.linked",
      description: `A ${provider} account was added as a sign-in method.`,
      userId,
      ipAddress,
      details: { provider: providerId },
    }),
  ]);
  notifyUser(userId, `A ${provider} account was connected to your account`);
}
