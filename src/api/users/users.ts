/** The user accounts of a tenant. Roles are part of memberships: see members.ts. */
import { Hono } from "hono";
import { z } from "zod";
import { ROLES } from "../../core/enums.ts";
import { ForbiddenError, GatewayError, NotFoundError } from "../../core/errors.ts";
import { assertActor, assertAnotherAdmin } from "../../db/queries/identity/authority.ts";
import {
  findUser,
  isOperator,
  listUsers,
  setUserActive,
  userId,
  userSorts,
} from "../../db/queries/identity/users.ts";
import { lockTenant } from "../../db/queries/servers/servers.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { toActor } from "../access/actor.ts";
import { conflictIfChanged, requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { responds, respondsPage } from "../http/responses.ts";
import {
  cursorPage,
  fieldNames,
  listQuery,
  openCursor,
  parseSort,
  pickFields,
  type Sorts,
} from "../http/sorted-lists.ts";
import { body, params, query } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { memberParam } from "../tenants/schemas.ts";

export const userShape = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  username: z.string().nullable(),
  role: z.enum(ROLES),
  isHome: z.boolean().describe("Whether the account is managed by this tenant or another one."),
  authProvider: z.string().nullable(),
  isActive: z.boolean(),
  banned: z.boolean(),
  banReason: z.string().nullable(),
  banExpires: z.iso.datetime().nullable().describe("Null: no expiry."),
  twoFactorEnabled: z.boolean(),
  activeKeys: z.number(),
  lastActivity: z.iso.datetime().nullable().describe("Latest use of a session or an API key in this tenant."),
  joinedAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
});

const sorts: Sorts = { keys: userSorts, usual: "name", id: userId };
const asked = listQuery(sorts, userShape).extend({
  role: z.enum(ROLES).optional(),
  isActive: z.stringbool().optional(),
  banned: z.stringbool().optional(),
  q: z.string().min(1).max(200).optional(),
});
const userChange = z.strictObject({ isActive: z.boolean() }).meta({ examples: [{ isActive: false }] });
const CHANGEABLE = ["isActive"];

export async function requireUser(c: ApiContext, id: string) {
  const [user] = await findUser(c.var.db, c.var.principal.tenantId, id);
  if (user === undefined) throw new NotFoundError("User not found.");
  return user;
}

/** An account is managed by one tenant, and that of an operator by the operator only. */
export async function requireHomeTenant(
  c: ApiContext,
  { id, isHome }: { id: string; isHome: boolean },
): Promise<void> {
  if (!isHome) {
    throw new ForbiddenError(
      "This account is managed by another organization. Remove the membership instead.",
    );
  }
  const { principal, services } = c.var;
  if (principal.isOperator === true || principal.userId === id) return;
  const [operator] = await isOperator(services.database.asSystem(), id);
  if (operator !== undefined) throw new ForbiddenError("This account is an operator account.");
}

export const users = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("users.list"),
    query(asked),
    respondsPage(userShape, "Users of the tenant."),
    async (c) => {
      const { limit, cursor, sort, fields, ...filter } = c.req.valid("query");
      const { principal, db, services } = c.var;
      const { tenantId } = principal;
      const scope = { keyring: services.keyring, tenantId, list: `users?${sort.join()}` };
      const after = await openCursor(scope, cursor);
      const order = parseSort(sorts, sort);
      const rows = await listUsers(db, tenantId, { filter, order, after, limit: limit + 1 });
      return c.json(
        await cursorPage(scope, rows, limit, (page) =>
          page.map(({ place: _, ...row }) => pickFields(row, fields)),
        ),
      );
    },
  )
  .get(
    "/:id",
    requirePermission("users.read"),
    params(memberParam),
    query(z.object({ fields: fieldNames(userShape) })),
    responds(userShape, "The user."),
    async (c) => {
      const user = await requireUser(c, c.req.valid("param").id);
      await setEtag(c, user, CHANGEABLE);
      return c.json(pickFields(user, c.req.valid("query").fields));
    },
  )
  .patch(
    "/:id",
    requirePermission("users.update"),
    params(memberParam),
    requireIfMatch,
    body(userChange),
    responds(userShape, "The updated user. Disabling a user revokes all sign-in sessions."),
    async (c) => {
      const { isActive } = c.req.valid("json");
      const { principal, services } = c.var;
      const before = await requireUser(c, c.req.valid("param").id);
      await requireMatch(c, before, CHANGEABLE);
      if (before.id === principal.userId)
        throw new GatewayError("conflict", "You cannot disable your own account.");
      await requireHomeTenant(c, before);
      const system = services.database.asSystem();
      const after = { ...before, isActive };
      const what = { action: "users.update", resource: { type: "user", id: before.id }, before, after };
      await conflictIfChanged(
        commitWithAudit(c, what, (audit) =>
          system.batch([
            lockTenant(system, principal.tenantId),
            assertActor(system, toActor(principal)),
            ...(isActive ? [] : [assertAnotherAdmin(system, principal.tenantId, before.id)]),
            setUserActive(system, principal.tenantId, before.id, isActive),
            audit,
          ]),
        ),
      );
      await services.people.onUserChanged(before.id);
      await setEtag(c, after, CHANGEABLE);
      return c.json(after);
    },
  );
