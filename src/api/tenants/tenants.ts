/** Tenants, for operators. Requests of suspended and archived tenants are rejected within one second. */
import { Hono } from "hono";
import { z } from "zod";
import { NEW_TENANT_SETTINGS } from "../../core/discovery/tool-drift.ts";
import { TENANT_STATUSES, type TenantStatus } from "../../core/enums.ts";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import { addMember } from "../../db/queries/identity/invitations.ts";
import { findEmail } from "../../db/queries/identity/user-accounts.ts";
import { insertDefaultAlertRules } from "../../db/queries/logs/alerts.ts";
import {
  findTenant,
  insertTenant,
  listTenants,
  setTenantStatus,
  tenantId,
  tenantSorts,
  updateTenant,
} from "../../db/queries/tenants/tenants.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { listQuery, offsetPage, type Sorts } from "../http/sorted-lists.ts";
import { body, params, query } from "../http/validate.ts";
import { tenantShape } from "../resource/row-shapes.ts";
import type { ApiContext } from "../resource/scope.ts";
import { newTenant, tenantChange } from "./schemas.ts";

const CHANGEABLE = ["name", "timeZone", "settings", "weight", "planLimits"];
const ARCHIVED = "An archived tenant cannot be modified.";
const resource = (id: string) => ({ type: "tenant", id });

const sorts: Sorts = { keys: tenantSorts, usual: "name", id: tenantId };
const asked = listQuery(sorts, tenantShape).extend({
  status: z.enum(TENANT_STATUSES).optional(),
  q: z.string().min(1).max(200).optional(),
});

async function found(c: ApiContext, id: string) {
  const [tenant] = await findTenant(c.var.services.database.asSystem(), id);
  if (tenant === undefined) throw new NotFoundError("Tenant not found.");
  return tenant;
}

async function become(c: ApiContext, id: string, status: TenantStatus, action: string) {
  const db = c.var.services.database.asSystem();
  const before = await found(c, id);
  if (before.status === status) return c.json(before);
  if (before.status === "archived") throw new GatewayError("conflict", ARCHIVED);
  const what = {
    action,
    resource: resource(id),
    before: { status: before.status },
    after: { status },
    tenantId: id,
  };
  const [[after]] = await commitWithAudit(c, what, (audit) =>
    db.batch([setTenantStatus(db, id, status), audit]),
  );
  if (after === undefined) throw new GatewayError("conflict", ARCHIVED);
  return c.json(after);
}

export const tenants = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("tenants.list"),
    query(asked),
    respondsPage(tenantShape, "All tenants."),
    async (c) => {
      const { status, q } = c.req.valid("query");
      const { principal, services } = c.var;
      const scope = { keyring: services.keyring, tenantId: principal.tenantId, list: "tenants" };
      const db = services.database.asSystem();
      return c.json(
        await offsetPage(scope, sorts, c.req.valid("query"), (slice) =>
          listTenants(db, { status, q, ...slice }),
        ),
      );
    },
  )
  .post(
    "/",
    requirePermission("tenants.create"),
    idempotent,
    body(newTenant),
    responds(tenantShape, "The created tenant. The user who creates it is its first admin.", 201),
    async (c) => {
      const db = c.var.services.database.asSystem();
      const { planLimits, settings, ...wanted } = c.req.valid("json");
      const values = {
        ...{ id: uuidv7(), ...wanted, planLimits: omitUndefined(planLimits) },
        settings: { ...NEW_TENANT_SETTINGS, ...omitUndefined(settings) },
      };
      const what = {
        action: "tenants.create",
        resource: resource(values.id),
        after: values,
        tenantId: values.id,
      };
      try {
        // The creator becomes the first admin: without a member, no one could invite the others.
        const creator = c.var.principal.userId;
        const [person] = creator === undefined ? [] : await findEmail(db, creator);
        const [[made]] = await commitWithAudit(c, what, (audit) =>
          db.batch([
            insertTenant(db, values),
            ...(creator === undefined
              ? []
              : [addMember(db, { tenantId: values.id, userId: creator, role: "admin" })]),
            insertDefaultAlertRules(db, values.id, person?.email),
            audit,
          ]),
        );
        return c.json(made, 201);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new GatewayError("conflict", `A tenant with the slug ${values.slug} already exists.`);
      }
    },
  )
  .get(
    "/:id",
    requirePermission("tenants.read"),
    params(idParam),
    responds(tenantShape, "The tenant."),
    async (c) => {
      const tenant = await found(c, c.req.valid("param").id);
      await setEtag(c, tenant, CHANGEABLE);
      return c.json(tenant);
    },
  )
  .patch(
    "/:id",
    requirePermission("tenants.update"),
    params(idParam),
    requireIfMatch,
    body(tenantChange),
    responds(tenantShape, "The updated tenant."),
    async (c) => {
      const db = c.var.services.database.asSystem();
      const before = await found(c, c.req.valid("param").id);
      await requireMatch(c, before, CHANGEABLE);
      const { planLimits, ...wanted } = c.req.valid("json");
      const values = {
        ...omitUndefined(wanted),
        ...(planLimits !== undefined && { planLimits: omitUndefined(planLimits) }),
      };
      const what = {
        action: "tenants.update",
        resource: resource(before.id),
        before,
        after: { ...before, ...values },
        tenantId: before.id,
      };
      const [[after]] = await commitWithAudit(c, what, (audit) =>
        db.batch([updateTenant(db, before.id, values), audit]),
      );
      await setEtag(c, after ?? before, CHANGEABLE);
      return c.json(after ?? before);
    },
  )
  .post(
    "/:id/suspend",
    requirePermission("tenants.suspend"),
    params(idParam),
    responds(tenantShape, "Tenant suspended. All its requests are rejected."),
    (c) => become(c, c.req.valid("param").id, "suspended", "tenants.suspend"),
  )
  .post(
    "/:id/resume",
    requirePermission("tenants.suspend"),
    params(idParam),
    responds(tenantShape, "Tenant resumed."),
    (c) => become(c, c.req.valid("param").id, "active", "tenants.resume"),
  )
  .post(
    "/:id/archive",
    requirePermission("tenants.archive"),
    params(idParam),
    responds(tenantShape, "Tenant archived. All its requests are permanently rejected."),
    (c) => become(c, c.req.valid("param").id, "archived", "tenants.archive"),
  );
