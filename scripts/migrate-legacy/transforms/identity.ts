// Tenants, users and their accounts. A user of both old programs is one user, found by the email address.
import { ROLES } from "../../../src/core/enums.ts";
import type { References } from "../references.ts";
import { RejectedRow, type RowReader, toUuid } from "../row-reader.ts";
import { type TargetRow, toTargetRow } from "../target-tables.ts";
import type { Transform } from "./transformed.ts";

const EMAIL = /^[^@\s]+@[^@\s]+$/;
const STATUSES = ["active", "suspended", "disabled", "archived"] as const;
const PROVIDERS = new Map([
  ["azure", "microsoft"],
  ["azure_ad", "microsoft"],
]);

export const transformTenant: Transform = (row, references) => {
  const oldId = row.requiredText("id", 255);
  const name = row.requiredText("name", 200);
  const existing = references.mappedTenant(oldId, name);
  if (existing !== undefined) return { rows: [], facts: [{ kind: "tenant", oldId, id: existing }] };
  const id = toUuid("tenants", oldId);
  const slug = references.freeSlug(slugify(row.text("slug", 200) ?? name), id);
  const status = row.word("status", STATUSES, "suspended");
  const tenant = toTargetRow("tenants", {
    id,
    name,
    slug,
    status: status === "disabled" ? "suspended" : status,
    // The old settings had no effect that the gateway has.
    settings: { json: {} },
    ...row.stamps(),
  });
  return { rows: [tenant], facts: [{ kind: "tenant", oldId, id, slug }] };
};

export function slugify(text: string): string {
  const ascii = text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const slug = ascii
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? "tenant" : slug;
}

function readEmail(row: RowReader): string {
  const email = row.requiredText("email", 320).trim().toLowerCase();
  if (!EMAIL.test(email)) throw new RejectedRow(`email "${email}" is no email address`);
  return email;
}

/** The backend's users, each with the profile of the frontend's user of the same address. */
export const transformUser: Transform = (row, references) => {
  const oldId = row.requiredText("id", 255);
  const email = readEmail(row);
  const profile = references.frontendUsers.get(email);
  const role = row.word("role", ROLES, "readonly");
  const oldTenant = row.reference("tenant_id");
  const tenantId = oldTenant === undefined ? undefined : references.tenant(oldTenant);
  if (oldTenant !== undefined && tenantId === undefined)
    row.repairs.add("tenant_id: unknown tenant, left empty");
  const isActive = row.flag("is_active", true) && profile?.isActive !== false;
  const conflicts = [
    ...(profile !== undefined && profile.role.toLowerCase() !== role
      ? [`${email}: role ${role} in the backend, ${profile.role} in the frontend; kept ${role}`]
      : []),
    ...(profile !== undefined && row.flag("is_active", true) !== profile.isActive
      ? [`${email}: active in one of the two old programs only; kept inactive`]
      : []),
    ...(role === "admin" && tenantId === undefined
      ? [
          `${email}: was an administrator without a tenant; is a user now, make them an operator if they should be`,
        ]
      : []),
  ];
  const member = (userId: string) =>
    tenantId === undefined ? undefined : membership({ row, references, tenantId, userId, role });
  const merged = references.userByEmail(email);
  if (merged !== undefined && merged !== oldId) {
    const added = member(merged);
    return {
      rows: added === undefined ? [] : [added.row],
      facts: [
        { kind: "user", oldId, id: merged, email, username: null },
        ...(added === undefined ? [] : [added.fact]),
      ],
      conflicts: [...conflicts, `${email}: merged into the existing user ${merged}`],
    };
  }
  const username = readUsername(row, references, oldId);
  const provider = row.text("auth_provider", 50)?.toLowerCase();
  const user = toTargetRow("user", {
    id: oldId,
    name: row.text("full_name", 255) ?? profile?.name ?? email,
    email,
    email_verified: profile?.emailVerified ?? false,
    image: profile?.image ?? null,
    username,
    // The role in the tenant is that of the membership; an admin here would be an operator of the gateway.
    role: role === "admin" ? "user" : role,
    tenant_id: tenantId ?? null,
    auth_provider: provider === undefined ? null : (PROVIDERS.get(provider) ?? provider),
    auth_provider_id: row.text("auth_provider_id", 255),
    is_active: isActive,
    banned: profile?.banned ?? false,
    ban_reason: profile?.banReason ?? null,
    ban_expires: profile?.banExpires ?? null,
    two_factor_enabled: false,
    ...row.stamps(),
  });
  const added = member(oldId);
  return {
    rows: added === undefined ? [user] : [user, added.row],
    facts: [
      { kind: "user", oldId, id: oldId, email, username },
      ...(added === undefined ? [] : [added.fact]),
    ],
    conflicts,
  };
};

/** The frontend's users: merged into the backend's user of the same address, else users of their own. */
export const transformFrontendUser: Transform = (row, references) => {
  const oldId = row.requiredText("id", 255);
  const email = readEmail(row);
  const merged = references.userByEmail(email);
  const oldTenant = row.reference("tenant_id");
  const tenantId = oldTenant === undefined ? undefined : references.tenant(oldTenant);
  const role = row.word("role", ROLES, "user");
  const userId = merged ?? oldId;
  const fact = { kind: "user", oldId, id: userId, email, username: null } as const;
  const added = tenantId === undefined ? undefined : membership({ row, references, tenantId, userId, role });
  const members = added === undefined || references.isMember(tenantId ?? "", userId) ? [] : [added];
  const facts = [fact, ...members.map((member) => member.fact)];
  if (merged !== undefined && merged !== oldId)
    return {
      rows: members.map((member) => member.row),
      facts,
      conflicts: [`${email}: merged into user ${merged}`],
    };
  const user = toTargetRow("user", {
    id: oldId,
    name: row.text("name", 255) ?? email,
    email,
    email_verified: row.flag("email_verified", false),
    image: row.text("image", 2000),
    username: null,
    role: role === "admin" ? "user" : role,
    tenant_id: tenantId ?? null,
    auth_provider: null,
    auth_provider_id: null,
    is_active: row.flag("is_active", true),
    banned: row.flag("banned", false),
    ban_reason: row.text("ban_reason", 500),
    ban_expires: row.time("ban_expires"),
    two_factor_enabled: false,
    ...row.stamps(),
  });
  return { rows: [user, ...members.map((member) => member.row)], facts };
};

interface Membership {
  readonly row: RowReader;
  readonly references: References;
  readonly tenantId: string;
  readonly userId: string;
  readonly role: string;
}

function membership({ row, tenantId, userId, role }: Membership) {
  const cells = {
    id: toUuid("members", `${tenantId} ${userId}`),
    tenant_id: tenantId,
    user_id: userId,
    role,
  };
  const member: TargetRow = toTargetRow("tenant_members", { ...cells, ...row.stamps() });
  return { row: member, fact: { kind: "member", tenantId, userId } as const };
}

function readUsername(row: RowReader, references: References, id: string): string | null {
  const text = row.text("username", 255);
  const plain =
    text
      ?.normalize("NFKD")
      .toLowerCase()
      .replaceAll(/[^a-z0-9_.-]/g, "")
      .slice(0, 64) ?? "";
  if (plain.length < 3) return null;
  const username = references.freeUsername(plain, id);
  if (username !== text) row.repairs.add("username: changed to an allowed, free one");
  return username;
}

/** Hashes that a sign-in can verify: better-auth's and the gateway's own form. */
const PASSWORD =
  /^(?:[0-9a-f]{32}:[0-9a-f]{128}|scrypt\$\d{1,7}\$\d{1,3}\$\d{1,2}\$[0-9a-f]{32}\$[0-9a-f]{64})$/;

export const transformAccount: Transform = (row, references) => {
  const owner = row.requiredText("user_id", 255);
  const userId = references.user(owner);
  if (userId === undefined) throw new RejectedRow(`user ${owner} does not exist`);
  const provider = row.requiredText("provider_id", 100).toLowerCase();
  const password = row.text("password", 500);
  if (provider === "credential" && (password === null || !PASSWORD.test(password)))
    throw new RejectedRow("password has an unknown hash: the user has to reset it");
  const account = toTargetRow("account", {
    id: row.requiredText("id", 255),
    // Of a password, better-auth's account ID is the user's.
    account_id: provider === "credential" ? userId : row.requiredText("account_id", 255),
    provider_id: PROVIDERS.get(provider) ?? provider,
    user_id: userId,
    // Tokens of the identity providers are issued anew at the next sign-in.
    access_token: null,
    refresh_token: null,
    id_token: null,
    access_token_expires_at: null,
    refresh_token_expires_at: null,
    scope: row.text("scope", 1000),
    password,
    ...row.stamps(),
  });
  return { rows: [account] };
};
