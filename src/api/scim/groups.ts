/** The groups of SCIM 2.0: those of the tenant that its identity provider manages, with source `scim`. */
import { Hono } from "hono";
import { isUuid, uuidv7 } from "../../core/ids.ts";
import { parseFilter } from "../../core/scim/filter.ts";
import { patchGroup, readGroup, type ScimGroupState } from "../../core/scim/group-state.ts";
import { readPatch } from "../../core/scim/patch.ts";
import { ScimError } from "../../core/scim/scim-error.ts";
import { isStaleWrite, isUniqueViolation } from "../../db/errors.ts";
import { assertGroupUnused } from "../../db/queries/identity/groups.ts";
import {
  countScimGroups,
  deleteScimGroup,
  findScimMembers,
  listScimGroupMembers,
  listScimGroups,
  type ScimGroupAttribute,
  type ScimGroupRow,
  saveScimGroup,
} from "../../db/queries/identity/scim-groups.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import {
  readListParameters,
  readResource,
  requireVersion,
  SCIM_PATH,
  type ScimContext,
  sendScim,
  sendVersioned,
  toList,
  toMeta,
} from "./responses.ts";

const ATTRIBUTES: Readonly<Record<string, ScimGroupAttribute>> = {
  id: "id",
  displayname: "displayName",
  externalid: "externalId",
};

interface Member {
  readonly userId: string;
  readonly userName: string;
}

const systemOf = (c: ScimContext) => c.get("services").database.asSystem();

function present(c: ScimContext, row: ScimGroupRow, members: readonly Member[] | undefined) {
  const { id, name: displayName, externalId } = row;
  const users = `${c.get("config").publicUrl}${SCIM_PATH}/Users`;
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    id,
    ...(externalId !== null && { externalId }),
    displayName,
    ...(members !== undefined && {
      members: members.map(({ userId, userName }) => ({
        ...{ value: userId, display: userName, type: "User", $ref: `${users}/${userId}` },
      })),
    }),
    meta: toMeta(c, "Group", id, row),
  };
}

async function load(c: ScimContext, id: string) {
  const { tenantId } = c.var.principal;
  const db = systemOf(c);
  const filter = { kind: "eq", attribute: "id", value: id } as const;
  const [row] = isUuid(id) ? await listScimGroups(db, tenantId, filter, { offset: 0, limit: 1 }) : [];
  if (row === undefined) throw new ScimError(404, "Group not found.");
  const members = await listScimGroupMembers(db, tenantId, [id]);
  return { row, members };
}

/** Provisioned users only. Those who are deactivated are in no group until they are active again. */
async function listActiveMembers(c: ScimContext, wanted: ReadonlySet<string>): Promise<string[]> {
  if (wanted.size === 0) return [];
  const known = await findScimMembers(systemOf(c), c.var.principal.tenantId, [...wanted]);
  if (known.length < wanted.size) {
    throw new ScimError(400, "members contains the id of a user that is not provisioned.", "invalidValue");
  }
  return known.flatMap(({ userId, memberId }) => (memberId === null ? [] : [userId]));
}

async function save(c: ScimContext, id: string, state: ScimGroupState, before?: object): Promise<void> {
  const members = await listActiveMembers(c, state.members);
  const { displayName, externalId } = state;
  const db = systemOf(c);
  const { tenantId } = c.var.principal;
  const what = {
    action: before === undefined ? "groups.create" : "groups.update",
    resource: { type: "group", id },
    ...(before !== undefined && { before }),
    after: { displayName, externalId, members },
    details: { by: "scim" },
  };
  const statements = saveScimGroup(db, { id, tenantId, displayName, externalId, members });
  try {
    await commitWithAudit<unknown>(c, what, (audit) => db.batch([...statements, audit]));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new ScimError(409, `A group named ${displayName} or with this externalId exists.`, "uniqueness");
  }
}

async function update(c: ScimContext, next: (state: ScimGroupState) => Promise<ScimGroupState>) {
  const id = c.req.param("id") ?? "";
  const { row, members } = await load(c, id);
  requireVersion(c, row);
  const { name: displayName, externalId } = row;
  const ids = members.map(({ userId }) => userId);
  const state = { displayName, externalId: externalId ?? undefined, members: new Set(ids) };
  await save(c, id, await next(state), { displayName, externalId, members: ids });
  const after = await load(c, id);
  return sendVersioned(c, after.row, present(c, after.row, after.members));
}

export const scimGroups = new Hono<AppEnv>()
  .get("/", async (c: ScimContext) => {
    const { filter: text, startIndex, page, hasMembers } = readListParameters(c);
    const { tenantId } = c.var.principal;
    const filter = text === undefined ? undefined : parseFilter(text, ATTRIBUTES);
    const db = systemOf(c);
    const [rows, [counted]] = await db.batch([
      listScimGroups(db, tenantId, filter, page),
      countScimGroups(db, tenantId, filter),
    ]);
    const ids = rows.map(({ id }) => id);
    const members = hasMembers && ids.length > 0 ? await listScimGroupMembers(db, tenantId, ids) : [];
    const byGroup = Map.groupBy(members, ({ groupId }) => groupId);
    const resources = rows.map((row) =>
      present(c, row, hasMembers ? (byGroup.get(row.id) ?? []) : undefined),
    );
    return sendScim(c, toList(resources, counted?.total ?? 0, startIndex));
  })
  .post("/", async (c: ScimContext) => {
    const id = uuidv7();
    await save(c, id, readGroup(await readResource(c)));
    const { row, members } = await load(c, id);
    const body = present(c, row, members);
    c.header("location", body.meta.location);
    return sendVersioned(c, row, body, 201);
  })
  .get("/:id", async (c: ScimContext) => {
    const { row, members } = await load(c, c.req.param("id") ?? "");
    const { hasMembers } = readListParameters(c);
    return sendVersioned(c, row, present(c, row, hasMembers ? members : undefined));
  })
  .put("/:id", (c: ScimContext) => update(c, async () => readGroup(await readResource(c))))
  .patch("/:id", (c: ScimContext) =>
    update(c, async (state) => patchGroup(state, readPatch(await readResource(c)))),
  )
  .delete("/:id", async (c: ScimContext) => {
    const id = c.req.param("id") ?? "";
    const { row } = await load(c, id);
    requireVersion(c, row);
    const db = systemOf(c);
    const { tenantId } = c.var.principal;
    const what = {
      ...{ action: "groups.delete", resource: { type: "group", id } },
      ...{ before: { displayName: row.name }, details: { by: "scim" } },
    };
    try {
      await commitWithAudit<unknown>(c, what, (audit) =>
        db.batch([deleteScimGroup(db, tenantId, id), assertGroupUnused(db, tenantId, id), audit]),
      );
    } catch (error) {
      if (!isStaleWrite(error)) throw error;
      throw new ScimError(409, `Access rules or limits name group ${row.name}. Delete them first.`);
    }
    return c.body(null, 204);
  });
