/**
 * Joining a tenant: an admin names an address and a role, the person follows the link in the mail. The link is the
 * proof that the address is theirs; it works once, and the database knows only its hash.
 */
import { newToken, sha256Hex } from "../../core/digest.ts";
import type { Role } from "../../core/enums.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Database } from "../../db/client.ts";
import {
  addMember,
  type createInvitation,
  openInvitation,
  returnInvitation,
  takeInvitation,
} from "../../db/queries/invitations.ts";
import { chooseTenant, createPerson, personByEmail } from "../../db/queries/people.ts";
import { recordAudit } from "../../db/queries/security.ts";
import { type EmailSender, MailNotConfiguredError } from "../../email/mailer.ts";
import { invitationEmail } from "../../email/templates.ts";
import type { Attempts } from "./attempts.ts";
import { hashPassword } from "./passwords.ts";
import type { Person } from "./sessions.ts";

export const INVITATION_DAYS = 7;
const DAY_MS = 86_400_000;

export interface OpenInvitation {
  readonly email: string;
  readonly role: Role;
  readonly tenantId: string;
  readonly tenantName: string;
  /** Somebody of that address has an account already. */
  readonly hasAccount: boolean;
}

export type Looked =
  | { readonly kind: "open"; readonly invitation: OpenInvitation }
  | { readonly kind: "closed" }
  | { readonly kind: "wait"; readonly retryAfterSeconds: number };

export type Joined = "joined" | "closed" | "somebody-else" | "has-account";

interface InvitationParts {
  readonly database: Database;
  readonly publicUrl: string;
  readonly sendMail: EmailSender;
  readonly attempts: Attempts;
  readonly personChanged: (userId: string) => Promise<void>;
  readonly now: () => number;
}

type Invited = Awaited<ReturnType<typeof createInvitation>>[number];

export interface FreshLink {
  readonly token: string;
  /** What the database may know of it. */
  readonly kept: { readonly tokenHash: string; readonly expiresAt: Date };
}

export interface Invitations {
  /** For a new invitation, or for one that is sent again: the link of the earlier mail then works no more. */
  newLink(): Promise<FreshLink>;
  /** False where this gateway cannot send mail. */
  send(invited: Invited, tenantName: string, token: string): Promise<boolean>;
  look(token: string, ip: string): Promise<Looked>;
  /** Whoever is signed in joins as themselves. */
  join(token: string, person: Person): Promise<Joined>;
  /** Whoever has no account gets one of that address. */
  joinAsNew(token: string, account: { name: string; password: string }): Promise<Joined>;
}

export function createInvitations(parts: InvitationParts): Invitations {
  const { database, publicUrl, sendMail, attempts, now } = parts;
  const db = database.asSystem();

  const admit = (taken: { id: string; tenantId: string; role: Role }, userId: string) =>
    [
      addMember(db, { tenantId: taken.tenantId, userId, role: taken.role }),
      recordAudit(db, {
        tenantId: taken.tenantId,
        userId,
        action: "invitation.accepted",
        resourceType: "invitation",
        resourceId: taken.id,
        success: true,
      }),
    ] as const;

  return {
    async newLink() {
      const token = newToken();
      const expiresAt = new Date(now() + INVITATION_DAYS * DAY_MS);
      return { token, kept: { tokenHash: await sha256Hex(token), expiresAt } };
    },

    async send(invited, tenant, token) {
      const link = `${publicUrl}/invitation?token=${token}`;
      try {
        await sendMail(
          invitationEmail(invited.email, { link, tenant, role: invited.role, days: INVITATION_DAYS }),
        );
        return true;
      } catch (error) {
        if (error instanceof MailNotConfiguredError) return false;
        throw error;
      }
    },

    async look(token, ip) {
      const trial = { what: "invitation", ip } as const;
      const begun = await attempts.begin(trial);
      if (!begun.ok) return { kind: "wait", retryAfterSeconds: begun.retryAfterSeconds };
      const [invitation] = await openInvitation(db, await sha256Hex(token), new Date(now()));
      if (invitation === undefined) {
        await attempts.failed(trial, begun);
        return { kind: "closed" };
      }
      await attempts.succeeded(trial);
      const [account] = await personByEmail(db, invitation.email);
      return { kind: "open", invitation: { ...invitation, hasAccount: account !== undefined } };
    },

    async join(token, person) {
      const tokenHash = await sha256Hex(token);
      const [invitation] = await openInvitation(db, tokenHash, new Date(now()));
      if (invitation === undefined) return "closed";
      // A forwarded link lets nobody in under another name.
      if (invitation.email !== person.email) return "somebody-else";
      const [taken] = await takeInvitation(db, tokenHash, new Date(now()));
      if (taken === undefined) return "closed";
      await db.batch([...admit(taken, person.id), chooseTenant(db, person.sessionId, taken.tenantId)]);
      await parts.personChanged(person.id);
      return "joined";
    },

    async joinAsNew(token, { name, password }) {
      const hashed = await hashPassword(password);
      const [taken] = await takeInvitation(db, await sha256Hex(token), new Date(now()));
      if (taken === undefined) return "closed";
      const [somebody] = await personByEmail(db, taken.email);
      if (somebody !== undefined) {
        await returnInvitation(db, taken.id);
        return "has-account";
      }
      const userId = uuidv7();
      try {
        await db.batch([
          ...createPerson(db, {
            userId,
            name,
            email: taken.email,
            password: hashed,
            tenantId: taken.tenantId,
          }),
          ...admit(taken, userId),
        ]);
      } catch (error) {
        await returnInvitation(db, taken.id);
        throw error;
      }
      return "joined";
    },
  };
}
