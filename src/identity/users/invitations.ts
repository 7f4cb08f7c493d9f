/**
 * Joining a tenant: an admin names an address and a role, the person follows the link in the mail. The link is the
 * proof that the address is theirs; it works once, and the database stores only its hash.
 */
import { newToken, sha256Hex } from "../../core/digest.ts";
import type { Role } from "../../core/enums.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { PasswordWeakness } from "../../core/password-strength.ts";
import type { Database, Db } from "../../db/client.ts";
import { isStaleWrite } from "../../db/errors.ts";
import {
  addMember,
  assertMemberRoom,
  claimInvitation,
  type createInvitation,
  findOpenInvitation,
  rejectInvitation,
  releaseInvitation,
} from "../../db/queries/identity/invitations.ts";
import { chooseTenant, createUser, findUserByEmail } from "../../db/queries/identity/user-accounts.ts";
import { recordAudit } from "../../db/queries/logs/security.ts";
import { lockTenant } from "../../db/queries/servers/servers.ts";
import { type EmailSender, MailNotConfiguredError } from "../../email/mailer.ts";
import { invitationEmail } from "../../email/templates.ts";
import type { AttemptLimiter } from "./attempt-limiter.ts";
import type { JudgeNewPassword } from "./password-policy.ts";
import { hashPassword } from "./passwords.ts";
import type { SignedInUser } from "./sessions.ts";

const INVITATION_DAYS = 7;
const DAY_MS = 86_400_000;

export interface OpenInvitation {
  readonly email: string;
  readonly role: Role;
  readonly tenantId: string;
  readonly tenantName: string;
  /** True if an account with this email address exists. */
  readonly hasAccount: boolean;
}

export type InvitationLookup =
  | { readonly kind: "open"; readonly invitation: OpenInvitation }
  | { readonly kind: "closed" }
  | { readonly kind: "wait"; readonly retryAfterSeconds: number };

export type AcceptResult = "joined" | "closed" | "other-account" | "has-account" | "no-room";

/** With the address of the new account, by which its user signs in. */
export type NewUserResult =
  | { readonly kind: "joined"; readonly email: string }
  | { readonly kind: "weak-password"; readonly weakness: PasswordWeakness }
  | { readonly kind: "closed" | "has-account" | "no-room" };

interface InvitationDeps {
  readonly database: Database;
  readonly publicUrl: string;
  readonly sendMail: EmailSender;
  readonly attempts: AttemptLimiter;
  readonly judgeNewPassword: JudgeNewPassword;
  readonly personChanged: (userId: string) => Promise<void>;
  readonly now: () => number;
}

type Statement = Parameters<Db["batch"]>[0][number];
type Invited = Awaited<ReturnType<typeof createInvitation>>[number];

export interface InvitationLink {
  readonly token: string;
  /** The part that the database stores. */
  readonly kept: { readonly tokenHash: string; readonly expiresAt: Date };
}

export interface InvitationService {
  /** For a new invitation, or for one that is sent again: the link of the earlier mail then works no more. */
  createLink(): Promise<InvitationLink>;
  /** False where this gateway cannot send mail. */
  send(invited: Invited, tenantName: string, token: string): Promise<boolean>;
  find(token: string, ip: string): Promise<InvitationLookup>;
  /** Accepts the invitation as the signed-in user. */
  accept(token: string, person: SignedInUser): Promise<AcceptResult>;
  /** Rejects the invitation; false if it is no longer open. A signed-in user rejects their own invitations only. */
  reject(token: string, ip: string, person: SignedInUser | undefined): Promise<boolean>;
  /** Accepts the invitation and creates an account with its email address. */
  acceptAsNewUser(token: string, account: { name: string; password: string }): Promise<NewUserResult>;
}

export function createInvitations(parts: InvitationDeps): InvitationService {
  const { database, publicUrl, sendMail, attempts, now } = parts;
  const db = database.asSystem();

  const admit = (taken: { id: string; tenantId: string; role: Role }, userId: string) =>
    [
      assertMemberRoom(db, { tenantId: taken.tenantId, userId }),
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

  /** False where the plan has no room: the invitation stays open then, as after any failure. */
  const join = async (taken: { id: string; tenantId: string }, statements: readonly Statement[]) => {
    try {
      await db.batch([lockTenant(db, taken.tenantId), ...statements]);
      return true;
    } catch (error) {
      await releaseInvitation(db, taken.id);
      if (isStaleWrite(error)) return false;
      throw error;
    }
  };

  return {
    async createLink() {
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

    async find(token, ip) {
      const trial = { what: "invitation", ip } as const;
      const begun = await attempts.start(trial);
      if (!begun.ok) return { kind: "wait", retryAfterSeconds: begun.retryAfterSeconds };
      const [invitation] = await findOpenInvitation(db, await sha256Hex(token), new Date(now()));
      if (invitation === undefined) {
        await attempts.recordFailure(trial, begun);
        return { kind: "closed" };
      }
      await attempts.recordSuccess(trial);
      const [account] = await findUserByEmail(db, invitation.email);
      return { kind: "open", invitation: { ...invitation, hasAccount: account !== undefined } };
    },

    async accept(token, person) {
      const tokenHash = await sha256Hex(token);
      const [invitation] = await findOpenInvitation(db, tokenHash, new Date(now()));
      if (invitation === undefined) return "closed";
      // A forwarded link is not valid for another account.
      if (invitation.email !== person.email) return "other-account";
      const [taken] = await claimInvitation(db, tokenHash, new Date(now()));
      if (taken === undefined) return "closed";
      const isJoined = await join(taken, [
        ...admit(taken, person.id),
        chooseTenant(db, person.sessionId, taken.tenantId),
      ]);
      if (!isJoined) return "no-room";
      await parts.personChanged(person.id);
      return "joined";
    },

    async reject(token, ip, person) {
      const looked = await this.find(token, ip);
      if (looked.kind !== "open") return false;
      if (person !== undefined && person.email !== looked.invitation.email) return false;
      const [rejected] = await rejectInvitation(db, await sha256Hex(token), new Date(now()));
      if (rejected === undefined) return false;
      await recordAudit(db, {
        tenantId: rejected.tenantId,
        userId: person?.id,
        action: "invitation.rejected",
        resourceType: "invitation",
        resourceId: rejected.id,
        success: true,
        ipAddress: ip,
        details: { email: looked.invitation.email },
      });
      return true;
    },

    async acceptAsNewUser(token, { name, password }) {
      const tokenHash = await sha256Hex(token);
      const [invitation] = await findOpenInvitation(db, tokenHash, new Date(now()));
      if (invitation === undefined) return { kind: "closed" };
      const names = [name, invitation.email, invitation.tenantName];
      const weakness = await parts.judgeNewPassword(password, names);
      if (weakness !== undefined) return { kind: "weak-password", weakness };
      const hashed = await hashPassword(password);
      const [taken] = await claimInvitation(db, tokenHash, new Date(now()));
      if (taken === undefined) return { kind: "closed" };
      const [member] = await findUserByEmail(db, taken.email);
      if (member !== undefined) {
        await releaseInvitation(db, taken.id);
        return { kind: "has-account" };
      }
      const userId = uuidv7();
      const { email, tenantId } = taken;
      const isJoined = await join(taken, [
        ...createUser(db, { userId, name, email, password: hashed, tenantId }),
        ...admit(taken, userId),
      ]);
      return isJoined ? { kind: "joined", email } : { kind: "no-room" };
    },
  };
}
