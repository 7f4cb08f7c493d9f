/** Who belongs to the tenant, and as what. Somebody always stays who can look after it. */
import { type Context, Hono } from "hono";
import { GatewayError, NotFoundError } from "../core/errors.ts";
import {
  changeMemberRole,
  listMembers,
  memberRole,
  otherAdmins,
  removeMember,
} from "../db/queries/invitations.ts";
import type { AppEnv } from "../edge/context.ts";
import { change } from "../policy/change.ts";
import { type Guarded, guard } from "../policy/guard.ts";
import { gives, givesNothing, givesPage } from "./answers.ts";
import { conditional, refuseStale, tagged } from "./etag.ts";
import { nameCursor, pageOf, pageQuery, readCursor } from "./pages.ts";
import { memberRoleShape, memberShape } from "./shapes.ts";
import { memberChange, memberParam } from "./tenant-schemas.ts";
import { body, params, query } from "./validate.ts";

type Scene = Context<AppEnv & Guarded>;

const resource = (id: string) => ({ type: "member", id });
const CHANGEABLE = ["role"];
const LAST_ADMIN = "Somebody must look after the tenant: make another member its admin first.";

async function roleOf(c: Scene, userId: string) {
  const [member] = await memberRole(c.var.db, c.var.principal.tenantId, userId);
  if (member === undefined) throw new NotFoundError("There is no such member.");
  return member.role;
}

async function refuseLastAdmin(c: Scene, userId: string) {
  const [another] = await otherAdmins(c.var.db, c.var.principal.tenantId, userId);
  if (another === undefined) throw new GatewayError("conflict", LAST_ADMIN);
}

export const members = new Hono<AppEnv>()
  .get(
    "/",
    guard("members.list"),
    query(pageQuery),
    givesPage(memberShape, "Who belongs to the tenant."),
    async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { db, principal } = c.var;
      const after = readCursor(nameCursor, cursor);
      const rows = await listMembers(db, principal.tenantId, { after, limit: limit + 1 });
      return c.json(pageOf(rows, limit, ({ name, id }) => ({ name, id })));
    },
  )
  .get(
    "/:id",
    guard("members.list"),
    params(memberParam),
    gives(memberRoleShape, "What somebody is in the tenant."),
    async (c) => {
      const { id: userId } = c.req.valid("param");
      const member = { userId, role: await roleOf(c, userId) };
      await tagged(c, member, CHANGEABLE);
      return c.json(member);
    },
  )
  .patch(
    "/:id",
    guard("members.update"),
    params(memberParam),
    conditional,
    body(memberChange),
    gives(memberRoleShape, "What they are now."),
    async (c) => {
      const { id: userId } = c.req.valid("param");
      const { role } = c.req.valid("json");
      const { db, principal } = c.var;
      const before = await roleOf(c, userId);
      await refuseStale(c, { role: before }, CHANGEABLE);
      if (before === "admin" && role !== "admin") await refuseLastAdmin(c, userId);
      const what = {
        action: "members.update",
        resource: resource(userId),
        before: { role: before },
        after: { role },
      };
      const [[after]] = await change(c, what, (audit) =>
        db.batch([changeMemberRole(db, principal.tenantId, userId, role), audit]),
      );
      if (after === undefined) throw new GatewayError("conflict", LAST_ADMIN);
      await tagged(c, after, CHANGEABLE);
      return c.json(after);
    },
  )
  .delete(
    "/:id",
    guard("members.remove"),
    params(memberParam),
    givesNothing("They belong to it no more."),
    async (c) => {
      const { id: userId } = c.req.valid("param");
      const { db, principal } = c.var;
      const before = await roleOf(c, userId);
      if (before === "admin") await refuseLastAdmin(c, userId);
      const what = { action: "members.remove", resource: resource(userId), before: { role: before } };
      const [[gone]] = await change(c, what, (audit) =>
        db.batch([removeMember(db, principal.tenantId, userId), audit]),
      );
      if (gone === undefined) throw new GatewayError("conflict", LAST_ADMIN);
      return c.body(null, 204);
    },
  );
