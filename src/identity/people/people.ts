/** Everything about people in one handful, made once for an isolate. */
import type { Database } from "../../db/client.ts";
import { tenantsOfPerson } from "../../db/queries/people.ts";
import type { EmailSender } from "../../email/mailer.ts";
import { type AccessTokens, createAccessTokens } from "../oauth/access-tokens.ts";
import type { ClientDocuments } from "../oauth/client-documents.ts";
import { Attempts } from "./attempts.ts";
import type { Auth } from "./auth.ts";
import { createEventRecorder, type RecordEvent } from "./event-recorder.ts";
import { createInvitations, type Invitations } from "./invitations.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createSetup, type Setup } from "./setup.ts";
import { offeredProviders, type SocialClients, type SocialProvider } from "./social.ts";
import { createTellPerson } from "./tell-person.ts";

export interface PeopleParts {
  readonly database: Database;
  readonly publicUrl: string;
  readonly mcpUrl: string;
  readonly secret: string;
  readonly social: SocialClients;
  readonly dynamicRegistration: boolean;
  readonly sendMail: EmailSender;
  readonly isAllowedUrl: ClientDocuments["isAllowed"];
  readonly fetch: ClientDocuments["fetch"];
  /** What isolates remember of the tenant is void from now on (policy/epoch.ts). */
  readonly raiseEpoch: (tenantId: string) => Promise<void>;
  /** Keeps work alive after the answer. */
  readonly background: (work: Promise<unknown>) => void;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

export interface People {
  /** Loaded and made when first needed: requests of programs should not pay for what only people use. */
  auth(): Promise<Auth>;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
  readonly accessTokens: AccessTokens;
  readonly setup: Setup;
  readonly invitations: Invitations;
  readonly sendMail: EmailSender;
  /** For security events that strangers can cause: a bounded number of rows. */
  readonly recordEvent: RecordEvent;
  readonly providers: readonly SocialProvider[];
  /** After a person's sessions, grants or standing have changed: every tenant of theirs looks again. */
  readonly personChanged: (userId: string) => Promise<void>;
}

export function createPeople(parts: PeopleParts): People {
  const { database, publicUrl, secret, now } = parts;
  const recordEvent = createEventRecorder(database);
  const attempts = new Attempts(database, recordEvent);
  const tellPerson = createTellPerson(parts);
  const accessTokens = createAccessTokens(database, parts, now);
  const personChanged = async (userId: string) => {
    const tenants = await tenantsOfPerson(database.asSystem(), userId);
    await Promise.all(tenants.map(({ id }) => parts.raiseEpoch(id)));
  };
  const clientDocuments = {
    fetch: parts.fetch,
    isAllowed: parts.isAllowedUrl,
    now,
    mayFetch: async ({ userId, ip }: { userId: string; ip: string }) =>
      (await attempts.begin({ what: "client-document", subject: userId, ip })).ok,
  };
  let auth: Auth | undefined;
  return {
    async auth() {
      const { createAuth } = await import("./auth.ts");
      auth ??= createAuth({
        ...parts,
        ...{ attempts, accessTokens, clientDocuments, personChanged, recordEvent, tellPerson },
      });
      return auth;
    },
    sessions: createSessions(database, { publicUrl, secret }),
    attempts,
    recordEvent,
    accessTokens,
    invitations: createInvitations({ ...parts, attempts, personChanged }),
    setup: createSetup({ database, publicUrl, attempts, log: parts.log, now }),
    sendMail: parts.sendMail,
    providers: offeredProviders(parts.social),
    personChanged,
  };
}
