/** The users of SCIM 2.0: members of the tenant that its identity provider creates, changes and deactivates. */
import { Hono } from "hono";
import { parseFilter } from "../../core/scim/filter.ts";
import { readPatch } from "../../core/scim/patch.ts";
import { ScimError } from "../../core/scim/scim-error.ts";
import { patchUser, readUser, type ScimUserState } from "../../core/scim/user-state.ts";
import { isStaleWrite, isUniqueViolation } from "../../db/errors.ts";
import {
  countScimUsers,
  findScimUser,
  listScimUsers,
  type ScimUserAttribute,
  type ScimUserRow,
} from "../../db/queries/identity/scim.ts";
import {
  planUserChange,
  planUserCreation,
  planUserDeletion,
  toUserState,
  type UserPlan,
} from "../../identity/scim/provision-user.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import {
  readListParameters,
  readResource,
  requireVersion,
  type ScimContext,
  sendScim,
  sendVersioned,
  toList,
  toMeta,
} from "./responses.ts";

const ATTRIBUTES: Readonly<Record<string, ScimUserAttribute>> = {
  id: "id",
  username: "userName",
  externalid: "externalId",
  "emails.value": "emails.value",
  emails: "emails.value",
  'emails[type eq "work"].value': "emails.value",
};

function present(c: ScimContext, row: ScimUserRow) {
  const { userId: id, displayName, givenName, familyName, externalId } = row;
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    id,
    ...(externalId !== null && { externalId }),
    userName: row.userName,
    name: {
      ...(displayName !== null && { formatted: displayName }),
      ...(givenName !== null && { givenName }),
      ...(familyName !== null && { familyName }),
    },
    ...(displayName !== null && { displayName }),
    emails: [{ value: row.email, type: "work", primary: true }],
    active: row.isActive,
    meta: toMeta(c, "User", id, row),
  };
}

const systemOf = (c: ScimContext) => c.get("services").database.asSystem();

async function requireUser(c: ScimContext): Promise<ScimUserRow> {
  const [row] = await findScimUser(systemOf(c), c.var.principal.tenantId, c.req.param("id") ?? "");
  if (row === undefined) throw new ScimError(404, "User not found.");
  return row;
}

/** The plan and its record in one transaction; then the epoch, which ends the user's streams in every isolate. */
async function commitUser(
  c: ScimContext,
  plan: UserPlan,
  what: { action: string; before?: ScimUserState; after?: ScimUserState },
): Promise<void> {
  const { userId, statements, conflict } = plan;
  const [first, ...rest] = statements;
  if (first === undefined) return;
  const entry = { ...what, resource: { type: "member", id: userId }, details: { by: "scim" } };
  try {
    await commitWithAudit<unknown>(c, entry, (audit) => systemOf(c).batch([first, ...rest, audit]));
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new ScimError(409, "A user with this userName or email already exists.", "uniqueness");
    }
    if (!isStaleWrite(error)) throw error;
    throw new ScimError(409, conflict);
  }
  await c.get("services").people.onUserChanged(userId);
}

async function change(c: ScimContext, row: ScimUserRow, state: ScimUserState): Promise<Response> {
  const plan = await planUserChange(systemOf(c), c.var.principal.tenantId, row, state);
  const isEnd = row.isActive && !state.isActive;
  const action = isEnd ? "members.deprovisioned" : "members.provisioned";
  await commitUser(c, plan, { action, before: toUserState(row), after: state });
  const after = await requireUser(c);
  return sendVersioned(c, after, present(c, after));
}

export const scimUsers = new Hono<AppEnv>()
  .get("/", async (c: ScimContext) => {
    const { filter: text, startIndex, page } = readListParameters(c);
    const { tenantId } = c.var.principal;
    const filter = text === undefined ? undefined : parseFilter(text, ATTRIBUTES);
    const db = systemOf(c);
    const [rows, [counted]] = await db.batch([
      listScimUsers(db, tenantId, filter, page),
      countScimUsers(db, tenantId, filter),
    ]);
    return sendScim(
      c,
      toList(
        rows.map((row) => present(c, row)),
        counted?.total ?? 0,
        startIndex,
      ),
    );
  })
  .post("/", async (c: ScimContext) => {
    const state = readUser(await readResource(c));
    const { tenantId } = c.var.principal;
    const db = systemOf(c);
    const plan = await planUserCreation(db, tenantId, state);
    await commitUser(c, plan, { action: "members.provisioned", after: state });
    const [row] = await findScimUser(db, tenantId, plan.userId);
    if (row === undefined) throw new TypeError("A user that was just provisioned is not there.");
    const body = present(c, row);
    c.header("location", body.meta.location);
    return sendVersioned(c, row, body, 201);
  })
  .get("/:id", async (c: ScimContext) => {
    const row = await requireUser(c);
    return sendVersioned(c, row, present(c, row));
  })
  .put("/:id", async (c: ScimContext) => {
    const row = await requireUser(c);
    requireVersion(c, row);
    return change(c, row, readUser(await readResource(c)));
  })
  .patch("/:id", async (c: ScimContext) => {
    const row = await requireUser(c);
    requireVersion(c, row);
    return change(c, row, patchUser(toUserState(row), readPatch(await readResource(c))));
  })
  .delete("/:id", async (c: ScimContext) => {
    const row = await requireUser(c);
    requireVersion(c, row);
    const plan = planUserDeletion(systemOf(c), c.var.principal.tenantId, row);
    await commitUser(c, plan, { action: "members.deprovisioned", before: toUserState(row) });
    return c.body(null, 204);
  });
