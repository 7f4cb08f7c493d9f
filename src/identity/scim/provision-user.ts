/**
 * Plans what provisioning changes of a user: the statements of one transaction. A provider reaches only the users that
 * it provisioned, and addresses in a verified domain of its tenant; operators never.
 */
import { uuidv7 } from "../../core/ids.ts";
import { ScimError } from "../../core/scim/scim-error.ts";
import type { ScimUserState } from "../../core/scim/user-state.ts";
import { readEmailDomain } from "../../core/sso/email-domain.ts";
import type { Db } from "../../db/client.ts";
import { assertAnotherAdmin, revokeMemberRights } from "../../db/queries/identity/authority.ts";
import { addMember, assertMemberRoom, removeMember } from "../../db/queries/identity/invitations.ts";
import {
  deleteScimUser,
  endProvisionedSessions,
  findAccount,
  findProvisionedAccount,
  insertProvisionedAccount,
  insertScimUser,
  type ScimUserRow,
  updateManagedAccount,
  updateScimUser,
} from "../../db/queries/identity/scim.ts";
import { findVerifiedDomain } from "../../db/queries/identity/sso.ts";
import { lockTenant } from "../../db/queries/servers/servers.ts";

type Statement = Parameters<Db["batch"]>[0][number];

export interface UserPlan {
  readonly userId: string;
  /** The last one returns the user's row, where one is left. */
  readonly statements: readonly Statement[];
  /** What is wrong where one of the statements does not find what it requires. */
  readonly conflict: string;
}

const LAST_ADMIN = "The last admin cannot be deactivated. Make another member an admin first.";
const NO_ROOM =
  "The organization has as many members as its plan allows. Remove a member, or have the plan changed.";

const joinTenant = (db: Db, ofUser: { tenantId: string; userId: string }): Statement[] => [
  assertMemberRoom(db, ofUser),
  addMember(db, { ...ofUser, role: "user" }),
];

export const toUserState = (row: ScimUserRow): ScimUserState => ({
  userName: row.userName,
  email: row.email,
  externalId: row.externalId ?? undefined,
  displayName: row.displayName ?? undefined,
  givenName: row.givenName ?? undefined,
  familyName: row.familyName ?? undefined,
  isActive: row.isActive,
});

function toAccount({ displayName, givenName, familyName, userName, email }: ScimUserState) {
  const parts = [givenName, familyName].filter((part) => part !== undefined).join(" ");
  const name = displayName ?? (parts === "" ? userName : parts);
  return { name: name.slice(0, 200), email };
}

async function requireVerifiedDomain(db: Db, tenantId: string, email: string): Promise<void> {
  const domain = readEmailDomain(email);
  const [verified] = domain === undefined ? [] : await findVerifiedDomain(db, tenantId, domain);
  if (verified !== undefined) return;
  throw new ScimError(403, `The domain of ${email} is not verified by the organization. Verify it first.`);
}

export async function planUserCreation(db: Db, tenantId: string, state: ScimUserState): Promise<UserPlan> {
  await requireVerifiedDomain(db, tenantId, state.email);
  const [account] = await findProvisionedAccount(db, state.email);
  if (account !== undefined && account.role !== "user") {
    throw new ScimError(403, `The account of ${state.email} cannot be provisioned.`);
  }
  const userId = account?.id ?? uuidv7();
  const ofUser = { tenantId, userId };
  return {
    userId,
    conflict: state.isActive ? NO_ROOM : LAST_ADMIN,
    statements: [
      lockTenant(db, tenantId),
      ...(account === undefined ? [insertProvisionedAccount(db, ofUser, toAccount(state))] : []),
      ...(state.isActive ? joinTenant(db, ofUser) : endMembership(db, ofUser)),
      insertScimUser(db, ofUser, state),
    ],
  };
}

export async function planUserChange(
  db: Db,
  tenantId: string,
  row: ScimUserRow,
  state: ScimUserState,
): Promise<UserPlan> {
  const { userId, isActive: wasActive } = row;
  const ofUser = { tenantId, userId };
  if (state.email !== row.email) {
    await requireVerifiedDomain(db, tenantId, state.email);
    const [[holder], [account]] = await Promise.all([
      findProvisionedAccount(db, state.email),
      findAccount(db, userId),
    ]);
    if (holder !== undefined && holder.id !== userId) {
      throw new ScimError(409, `${state.email} belongs to another account.`, "uniqueness");
    }
    if (account?.homeId !== tenantId) {
      throw new ScimError(403, "The email address of an account of another organization cannot be changed.");
    }
  }
  const membership = wasActive
    ? state.isActive
      ? []
      : endMembership(db, ofUser)
    : state.isActive
      ? joinTenant(db, ofUser)
      : [];
  return {
    userId,
    conflict: state.isActive ? NO_ROOM : LAST_ADMIN,
    statements: [
      lockTenant(db, tenantId),
      ...membership,
      updateManagedAccount(db, ofUser, toAccount(state)),
      updateScimUser(db, ofUser, state),
    ],
  };
}

export function planUserDeletion(db: Db, tenantId: string, { userId }: ScimUserRow): UserPlan {
  const ofUser = { tenantId, userId };
  return {
    userId,
    conflict: LAST_ADMIN,
    statements: [lockTenant(db, tenantId), ...endMembership(db, ofUser), deleteScimUser(db, ofUser)],
  };
}

/** With the membership go keys, consents, tokens, groups and connected accounts; sessions of the tenant end. */
function endMembership(db: Db, { tenantId, userId }: { tenantId: string; userId: string }): Statement[] {
  return [
    assertAnotherAdmin(db, tenantId, userId),
    removeMember(db, tenantId, userId),
    ...revokeMemberRights(db, tenantId, userId),
    endProvisionedSessions(db, { tenantId, userId }),
  ];
}
