/** Everything about people in one handful, made once for an isolate. */
import type { Database } from "../../db/client.ts";
import { listTenantsOfUser } from "../../db/queries/identity/user-accounts.ts";
import type { EmailSender } from "../../email/mailer.ts";
import type { CredentialVerifier } from "../credentials.ts";
import type { AccessTokens } from "../oauth/access-tokens.ts";
import type { ClientMetadataDeps } from "../oauth/client-metadata.ts";
import type { SsoDeps } from "../sso/sign-in.ts";
import { AttemptLimiter } from "./attempt-limiter.ts";
import type { Auth } from "./auth.ts";
import { createEventRecorder, type RecordEvent } from "./event-recorder.ts";
import { createInvitations, type InvitationService } from "./invitations.ts";
import { createNotifyUser, type NotifyUser } from "./notify-user.ts";
import { createPasswordPolicy, type JudgeNewPassword } from "./password-policy.ts";
import { createSessions, type UserSessions } from "./sessions.ts";
import { createSetup, type Setup } from "./setup.ts";
import { listProviders, type SocialClients, type SocialProvider } from "./social-providers.ts";
import { sessionVerifier } from "./verifier.ts";

export interface UserServicesDeps {
  readonly database: Database;
  readonly accessTokens: AccessTokens;
  readonly publicUrl: string;
  readonly mcpUrl: string;
  readonly secret: string;
  readonly social: SocialClients;
  readonly dynamicRegistration: boolean;
  readonly sendMail: EmailSender;
  readonly isAllowedUrl: ClientMetadataDeps["isAllowed"];
  readonly openClientSecret: SsoDeps["openClientSecret"];
  readonly fetch: ClientMetadataDeps["fetch"];
  /** Invalidates what isolates have cached of the tenant (policy/epoch.ts). */
  readonly bumpEpoch: (tenantId: string) => Promise<void>;
  /** Keeps work alive after the answer. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly breachedPasswordsUrl: string | undefined;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

export interface UserServices {
  /** Loaded and made when first needed: requests of programs should not pay for what only people use. */
  auth(): Promise<Auth>;
  readonly sessions: UserSessions;
  readonly attempts: AttemptLimiter;
  readonly sessionVerifier: Pick<CredentialVerifier, "verify">;
  readonly setup: Setup;
  readonly invitations: InvitationService;
  readonly sendMail: EmailSender;
  /** For security events that anonymous requests can cause: a bounded number of rows. */
  readonly recordEvent: RecordEvent;
  readonly notifyUser: NotifyUser;
  readonly judgeNewPassword: JudgeNewPassword;
  readonly providers: readonly SocialProvider[];
  /** After a person's sessions, grants or standing have changed: every tenant of theirs looks again. */
  readonly onUserChanged: (userId: string) => Promise<void>;
}

export function createUserServices(parts: UserServicesDeps): UserServices {
  const { database, publicUrl, secret, now } = parts;
  const recordEvent = createEventRecorder(database);
  const attempts = new AttemptLimiter(database, recordEvent);
  const notifyUser = createNotifyUser(parts);
  const judgeNewPassword = createPasswordPolicy(parts);
  const sessions = createSessions(database, { publicUrl, secret });
  const onUserChanged = async (userId: string) => {
    const tenants = await listTenantsOfUser(database.asSystem(), userId);
    await Promise.all(tenants.map(({ id }) => parts.bumpEpoch(id)));
  };
  const clientDocuments = {
    fetch: parts.fetch,
    isAllowed: parts.isAllowedUrl,
    now,
    mayFetch: async ({ userId, ip }: { userId: string; ip: string }) =>
      (await attempts.start({ what: "client-document", subject: userId, ip })).ok,
  };
  let auth: Auth | undefined;
  return {
    async auth() {
      const { createAuth } = await import("./auth.ts");
      auth ??= createAuth({
        ...parts,
        ...{ attempts, clientDocuments, onUserChanged, recordEvent, notifyUser, judgeNewPassword },
      });
      return auth;
    },
    sessions,
    sessionVerifier: sessionVerifier(sessions),
    attempts,
    recordEvent,
    notifyUser,
    judgeNewPassword,
    invitations: createInvitations({ ...parts, attempts, judgeNewPassword, personChanged: onUserChanged }),
    setup: createSetup({ database, publicUrl, attempts, log: parts.log, now }),
    sendMail: parts.sendMail,
    providers: listProviders(parts.social),
    onUserChanged,
  };
}
