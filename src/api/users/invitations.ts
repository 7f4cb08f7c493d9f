/** Invitations to a tenant. The link is sent by email and never returned. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { isStaleWrite } from "../../db/errors.ts";
import { assertActor } from "../../db/queries/identity/authority.ts";
import {
  assertNotInvited,
  createInvitation,
  findLatestInvitation,
  renewInvitation,
  revokeInvitation,
} from "../../db/queries/identity/invitations.ts";
import { lockTenant } from "../../db/queries/servers/servers.ts";
import { loadMemberCountAndLimits } from "../../db/queries/tenants/tenants.ts";
import { tenantInvitations as table } from "../../db/schema/tenancy.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { toActor } from "../access/actor.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";
import { defineReadOnlyResource } from "../resource/define.ts";
import { reading } from "../resource/reading.ts";
import type { ApiContext } from "../resource/scope.ts";
import { newInvitation } from "../tenants/schemas.ts";

const resource = (id: string) => ({ type: "invitation", id });
const shown = defineReadOnlyResource({
  noun: "invitation",
  table,
  hidden: ["tokenHash"],
  sorts: ["email", "status", "expiresAt", "createdAt", "updatedAt"],
  usual: "email",
  filters: ["status", "role"],
  searched: ["email"],
});
const sentShape = shown.shape.extend({ mailed: z.boolean() });

async function unlessOvertaken<R>(work: Promise<R>, email: string): Promise<R> {
  try {
    return await work;
  } catch (error) {
    if (!isStaleWrite(error)) throw error;
    const message = `${email} has already been invited, or your role changed during this request. No changes were made.`;
    throw new GatewayError("conflict", message);
  }
}

const GONE = "Open invitation not found.";

async function ownTenant(c: ApiContext) {
  const [own] = await loadMemberCountAndLimits(c.var.db, c.var.principal.tenantId);
  if (own === undefined) throw new NotFoundError("No organization selected.");
  return own;
}

export const invitations = new Hono<AppEnv>()
  .route("/", reading(shown, { list: "invitations.list", read: "invitations.list" }))
  .post(
    "/",
    requirePermission("invitations.create"),
    idempotent,
    body(newInvitation),
    responds(sentShape, "The invitation.", 201),
    async (c) => {
      const { db, principal, services } = c.var;
      const { role, ...wanted } = c.req.valid("json");
      const email = wanted.email.toLowerCase();
      const tenant = await ownTenant(c);
      if (tenant.members >= (tenant.planLimits.members ?? Number.POSITIVE_INFINITY)) {
        throw new GatewayError("conflict", "Plan limit reached: members.");
      }
      const [open] = await findLatestInvitation(db, principal.tenantId, email);
      if (open !== undefined && open.expiresAt > new Date()) {
        throw new GatewayError("conflict", `${email} has already been invited. Resend that invitation.`);
      }
      const { token, kept } = await services.people.invitations.createLink();
      const values = {
        id: uuidv7(),
        tenantId: principal.tenantId,
        email,
        role,
        inviterId: principal.userId,
        ...kept,
      };
      const what = { action: "invitations.create", resource: resource(values.id), after: { email, role } };
      const [, , , [invited]] = await unlessOvertaken(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            lockTenant(db, principal.tenantId),
            assertActor(db, toActor(principal)),
            assertNotInvited(db, principal.tenantId, email),
            createInvitation(db, values),
            audit,
          ]),
        ),
        email,
      );
      if (invited === undefined) throw new Error("an invitation that was just written is not there");
      const mailed = await services.people.invitations.send(invited, tenant.name, token);
      return c.json({ ...invited, mailed }, 201);
    },
  )
  .post(
    "/:id/resend",
    requirePermission("invitations.resend"),
    params(idParam),
    responds(sentShape, "The invitation, with a new link."),
    async (c) => {
      const { db, principal, services } = c.var;
      const { id } = c.req.valid("param");
      const tenant = await ownTenant(c);
      const { token, kept } = await services.people.invitations.createLink();
      const [invited] = await renewInvitation(db, principal.tenantId, id, kept);
      if (invited === undefined) throw new NotFoundError(GONE);
      const what = { action: "invitations.resend", resource: resource(id), after: { email: invited.email } };
      await commitWithAudit(c, what, (audit) => audit);
      const mailed = await services.people.invitations.send(invited, tenant.name, token);
      return c.json({ ...invited, mailed });
    },
  )
  .delete(
    "/:id",
    requirePermission("invitations.revoke"),
    params(idParam),
    respondsEmpty("Invitation revoked."),
    async (c) => {
      const { db, principal } = c.var;
      const { id } = c.req.valid("param");
      const [gone] = await revokeInvitation(db, principal.tenantId, id);
      if (gone === undefined) throw new NotFoundError(GONE);
      const what = { action: "invitations.revoke", resource: resource(id), before: { email: gone.email } };
      await commitWithAudit(c, what, (audit) => audit);
      return c.body(null, 204);
    },
  );
