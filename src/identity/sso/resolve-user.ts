/** Finds, connects or creates the user that an identity provider has signed in, as core/sso/decide-sign-in.ts decides. */
import { uuidv7 } from "../../core/ids.ts";
import type { SsoIdentity } from "../../core/sso/claims.ts";
import { decideSsoSignIn, type SsoErrorCode } from "../../core/sso/decide-sign-in.ts";
import { readEmailDomain } from "../../core/sso/email-domain.ts";
import type { Database } from "../../db/client.ts";
import { isStaleWrite } from "../../db/errors.ts";
import { addMember, assertMemberRoom } from "../../db/queries/identity/invitations.ts";
import {
  type ActiveProvider,
  createProvisionedUser,
  findLinkedUser,
  findSsoUserByEmail,
  findVerifiedDomain,
  linkSsoAccount,
} from "../../db/queries/identity/sso.ts";
import { recordAudit } from "../../db/queries/logs/security.ts";
import { lockTenant } from "../../db/queries/servers/servers.ts";

/** A sign-in that is not accepted. The browser gets only the code. */
export class SsoSignInError extends Error {
  readonly code: SsoErrorCode;

  constructor(code: SsoErrorCode, options?: ErrorOptions) {
    super(`Single sign-on was rejected: ${code}.`, options);
    this.name = "SsoSignInError";
    this.code = code;
  }
}

export async function resolveSsoUser(
  database: Database,
  provider: ActiveProvider,
  identity: SsoIdentity,
): Promise<string> {
  const db = database.asSystem();
  const { subject, email, isEmailVerified, name } = identity;
  const domain = email === undefined ? undefined : readEmailDomain(email);
  const [[linked], [verified], [byEmail]] = await Promise.all([
    findLinkedUser(db, provider, subject),
    domain === undefined ? [] : findVerifiedDomain(db, provider.tenantId, domain),
    email === undefined ? [] : findSsoUserByEmail(db, provider, email),
  ]);
  const { isJitEnabled, tenantId, defaultRole: role } = provider;
  const facts = { linked, byEmail, email, isEmailVerified, isJitEnabled };
  const decision = decideSsoSignIn({ ...facts, isDomainVerified: verified !== undefined });
  if (decision.kind === "refused") throw new SsoSignInError(decision.code);
  if (decision.kind === "enter") return decision.userId;
  const userId = decision.kind === "link" ? decision.userId : uuidv7();
  const link = linkSsoAccount(db, { userId, providerId: provider.id, subject });
  const record = (action: string) =>
    recordAudit(db, {
      ...{ tenantId, userId, action, resourceType: "member", resourceId: userId, success: true },
      details: { identityProvider: provider.name, subject, email, role },
    });
  if (decision.kind === "link" && !decision.joins) {
    await db.batch([link, record("account.linked")]);
    return userId;
  }
  const member = { tenantId, userId, role };
  const join =
    decision.kind === "create"
      ? createProvisionedUser(db, { ...member, name: name ?? decision.email, email: decision.email })
      : [addMember(db, member)];
  const room = [lockTenant(db, tenantId), assertMemberRoom(db, member)] as const;
  await unlessFull(db.batch([...room, ...join, link, record("members.provisioned")]));
  return userId;
}

async function unlessFull(joining: Promise<unknown>): Promise<void> {
  try {
    await joining;
  } catch (error) {
    if (isStaleWrite(error)) throw new SsoSignInError("sso_member_limit");
    throw error;
  }
}
