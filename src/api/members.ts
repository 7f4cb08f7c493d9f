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
import { nameCursor, pageOf, pageQuery, readCursor } from "./pages.ts";
import { memberChange, memberParam } from "./tenant-schemas.ts";
import { body, params, query } from "./validate.ts";

type Scene = Context<AppEnv & Guarded>;

const resource = (id: string) => ({ type: "member", id });
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
  .get("/", guard("members.list"), query(pageQuery), async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const { db, principal } = c.var;
    const after = readCursor(nameCursor, cursor);
    const rows = await listMembers(db, principal.tenantId, { after, limit: limit + 1 });
    return c.json(pageOf(rows, limit, ({ name, id }) => ({ name, id })));
  })
  .patch("/:id", guard("members.update"), params(memberParam), body(memberChange), async (c) => {
    const { id: userId } = c.req.valid("param");
    const { role } = c.req.valid("json");
    const { db, principal } = c.var;
    const before = await roleOf(c, userId);
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
    return c.json(after);
  })
  .delete("/:id", guard("members.remove"), params(memberParam), async (c) => {
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
  });
