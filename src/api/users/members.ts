/** The members of a tenant and their roles. The last admin cannot be removed. */
import { Hono } from "hono";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { isStaleWrite } from "../../db/errors.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import {
  assertActor,
  assertAnotherAdmin,
  cancelInvitationsBy,
  revokeMemberRights,
} from "../../db/queries/identity/authority.ts";
import {
  changeMemberRole,
  countOtherAdmins,
  listMembers,
  removeMember,
} from "../../db/queries/identity/invitations.ts";
import { lockTenant } from "../../db/queries/servers/servers.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { toActor } from "../access/actor.ts";
import { buildPage, nameCursor, pageQuery, parseCursor } from "../http/cursors.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import { body, params, query } from "../http/validate.ts";
import { memberRoleShape, memberShape } from "../resource/row-shapes.ts";
import type { ApiContext } from "../resource/scope.ts";
import { memberChange, memberParam } from "../tenants/schemas.ts";

const resource = (id: string) => ({ type: "member", id });
const CHANGEABLE = ["role"];
const LAST_ADMIN = "The last admin cannot be removed. Make another member an admin first.";

async function memberOf(c: ApiContext, userId: string) {
  const [member] = await findMemberRole(c.var.db, c.var.principal.tenantId, userId);
  if (member === undefined) throw new NotFoundError("Member not found.");
  return member;
}

/** Of two admins who demote each other at once, the second finds the tenant locked, and then the first one's change. */
async function unlessOvertaken<R>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    if (!isStaleWrite(error)) throw error;
    throw new GatewayError(
      "conflict",
      `The membership changed during this request. No changes were made. ${LAST_ADMIN}`,
    );
  }
}

const SERVICE =
  "A user cannot become a service account, nor a service account a user. Create a service account instead.";

async function refuseLastAdmin(c: ApiContext, userId: string) {
  const [another] = await countOtherAdmins(c.var.db, c.var.principal.tenantId, userId);
  if (another === undefined) throw new GatewayError("conflict", LAST_ADMIN);
}

export const members = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("members.list"),
    query(pageQuery),
    respondsPage(memberShape, "Members of the tenant."),
    async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { db, principal } = c.var;
      const after = parseCursor(nameCursor, cursor);
      const rows = await listMembers(db, principal.tenantId, { after, limit: limit + 1 });
      return c.json(buildPage(rows, limit, ({ name, id }) => ({ name, id })));
    },
  )
  .get(
    "/:id",
    requirePermission("members.list"),
    params(memberParam),
    responds(memberRoleShape, "Membership of the user in the tenant."),
    async (c) => {
      const { id: userId } = c.req.valid("param");
      const member = { userId, role: (await memberOf(c, userId)).role };
      await setEtag(c, member, CHANGEABLE);
      return c.json(member);
    },
  )
  .patch(
    "/:id",
    requirePermission("members.update"),
    params(memberParam),
    requireIfMatch,
    body(memberChange),
    responds(memberRoleShape, "The updated member."),
    async (c) => {
      const { id: userId } = c.req.valid("param");
      const { role } = c.req.valid("json");
      const { principal, services } = c.var;
      const { role: before, isServiceAccount } = await memberOf(c, userId);
      await requireMatch(c, { role: before }, CHANGEABLE);
      if (isServiceAccount !== (role === "service")) throw new GatewayError("conflict", SERVICE);
      if (before === "admin" && role !== "admin") await refuseLastAdmin(c, userId);
      const what = {
        action: "members.update",
        resource: resource(userId),
        before: { role: before },
        after: { role },
      };
      const system = services.database.asSystem();
      const { tenantId } = principal;
      const statements = [
        lockTenant(system, tenantId),
        assertActor(system, toActor(principal)),
        ...(role === "admin"
          ? []
          : [assertAnotherAdmin(system, tenantId, userId), cancelInvitationsBy(system, tenantId, userId)]),
      ] as const;
      await unlessOvertaken(
        commitWithAudit<unknown>(c, what, (audit) =>
          system.batch([...statements, changeMemberRole(system, tenantId, userId, role), audit]),
        ),
      );
      const after = { userId, role };
      await setEtag(c, after, CHANGEABLE);
      return c.json(after);
    },
  )
  .delete(
    "/:id",
    requirePermission("members.remove"),
    params(memberParam),
    respondsEmpty("Member removed."),
    async (c) => {
      const { id: userId } = c.req.valid("param");
      const { principal, services } = c.var;
      const { role: before } = await memberOf(c, userId);
      if (before === "admin") await refuseLastAdmin(c, userId);
      const what = { action: "members.remove", resource: resource(userId), before: { role: before } };
      const system = services.database.asSystem();
      const { tenantId } = principal;
      await unlessOvertaken(
        commitWithAudit<unknown>(c, what, (audit) =>
          system.batch([
            lockTenant(system, tenantId),
            assertActor(system, toActor(principal)),
            assertAnotherAdmin(system, tenantId, userId),
            removeMember(system, tenantId, userId),
            ...revokeMemberRights(system, tenantId, userId),
            audit,
          ]),
        ),
      );
      return c.body(null, 204);
    },
  );
