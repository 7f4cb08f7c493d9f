/** Service accounts: the owners of API keys without a user. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import {
  deleteServiceAccount,
  findServiceAccount,
  insertServiceAccount,
  insertServiceMember,
  listServiceAccounts,
  updateServiceAccount,
} from "../../db/queries/identity/service-accounts.ts";
import { sortKey } from "../../db/queries/shared/sort.ts";
import { user } from "../../db/schema/identity.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { type GuardedEnv, requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import { listQuery, offsetPage, type Sorts } from "../http/sorted-lists.ts";
import { body, params, query } from "../http/validate.ts";
import { accountShape } from "../resource/row-shapes.ts";

const name = z.string().trim().min(1).max(200);
const newAccount = z.strictObject({ name }).meta({ examples: [{ name: "Nightly build" }] });
const accountChange = z
  .strictObject({ name, isActive: z.boolean() })
  .partial()
  .refine((wanted) => Object.keys(wanted).length > 0, "Provide at least one field to update.")
  .meta({ examples: [{ name: "Nightly build, old" }] });

const sorts: Sorts = {
  keys: { createdAt: sortKey(user.createdAt), name: sortKey(user.name) },
  usual: "createdAt",
  id: user.id,
};

export const serviceAccounts = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("service-accounts.list"),
    query(listQuery(sorts, accountShape)),
    respondsPage(accountShape, "Service accounts."),
    async (c) => {
      const { principal, db, services } = c.var;
      const scope = { keyring: services.keyring, tenantId: principal.tenantId, list: c.req.path };
      return c.json(
        await offsetPage(scope, sorts, c.req.valid("query"), (slice) =>
          listServiceAccounts(db, principal.tenantId, slice),
        ),
      );
    },
  )
  .post(
    "/",
    requirePermission("service-accounts.create"),
    idempotent,
    body(newAccount),
    responds(accountShape, "The created service account.", 201),
    async (c) => {
      const { tenantId } = c.get("principal");
      const system = c.get("services").database.asSystem();
      const account = { id: uuidv7(), tenantId, ...c.req.valid("json") };
      const what = { action: "service-accounts.create", resource: resource(account.id), after: account };
      const [[made]] = await commitWithAudit(c, what, (audit) =>
        system.batch([
          insertServiceAccount(system, account),
          insertServiceMember(system, { tenantId, userId: account.id }),
          audit,
        ]),
      );
      if (made === undefined) throw new Error("an account that was just written is not there");
      await setEtag(c, made, CHANGEABLE);
      c.header("location", `${c.req.path}/${made.id}`);
      return c.json(made, 201);
    },
  )
  .get(
    "/:id",
    requirePermission("service-accounts.list"),
    params(idParam),
    responds(accountShape, "The service account."),
    async (c) => {
      const account = await accountOf(c, c.req.valid("param").id);
      await setEtag(c, account, CHANGEABLE);
      return c.json(account);
    },
  )
  .patch(
    "/:id",
    requirePermission("service-accounts.update"),
    params(idParam),
    requireIfMatch,
    body(accountChange),
    responds(accountShape, "The updated service account."),
    async (c) => {
      const { tenantId } = c.get("principal");
      const system = c.get("services").database.asSystem();
      const before = await accountOf(c, c.req.valid("param").id);
      await requireMatch(c, before, CHANGEABLE);
      const wanted = c.req.valid("json");
      const values = {
        ...(wanted.name !== undefined && { name: wanted.name }),
        ...(wanted.isActive !== undefined && { isActive: wanted.isActive }),
      };
      const what = {
        action: "service-accounts.update",
        resource: resource(before.id),
        before,
        after: { ...before, ...values },
      };
      const [[account]] = await commitWithAudit(c, what, (audit) =>
        system.batch([updateServiceAccount(system, tenantId, before.id, values), audit]),
      );
      await setEtag(c, account ?? before, CHANGEABLE);
      return c.json(account ?? before);
    },
  )
  .delete(
    "/:id",
    requirePermission("service-accounts.delete"),
    params(idParam),
    respondsEmpty("Deleted, including its API keys."),
    async (c) => {
      const { tenantId } = c.get("principal");
      const system = c.get("services").database.asSystem();
      const before = await accountOf(c, c.req.valid("param").id);
      const what = { action: "service-accounts.delete", resource: resource(before.id), before };
      await commitWithAudit(c, what, (audit) =>
        system.batch([deleteServiceAccount(system, tenantId, before.id), audit]),
      );
      return c.body(null, 204);
    },
  );

const CHANGEABLE = ["name", "isActive"];
const resource = (id: string) => ({ type: "service_account", id });

async function accountOf(c: Context<AppEnv & GuardedEnv>, id: string) {
  const [account] = await findServiceAccount(c.get("db"), c.get("principal").tenantId, id);
  if (account === undefined) throw new NotFoundError("Service account not found.");
  return account;
}
