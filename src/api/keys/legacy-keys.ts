/** Legacy API keys: list, upgrade and deactivate. None is ever created. */
import { Hono } from "hono";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import {
  findLegacyKeyById,
  insertKey,
  listLegacyKeys,
  type NewKey,
  updateLegacyKey,
} from "../../db/queries/access/api-keys.ts";
import { assertActor, copyRules } from "../../db/queries/identity/authority.ts";
import { sortKey } from "../../db/queries/shared/sort.ts";
import { legacyApiKeys } from "../../db/schema/access.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { rejectIfDisempowered, toActor } from "../access/actor.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { listQuery, offsetPage, type Sorts } from "../http/sorted-lists.ts";
import { body, params, query } from "../http/validate.ts";
import { legacyKeyShape, renewedKeyShape } from "../resource/row-shapes.ts";
import type { ApiContext } from "../resource/scope.ts";
import {
  assertOwner,
  assertWithinBounds,
  createKey,
  findKeyOwner,
  keyScope,
  toKeyCreator,
} from "./create-key.ts";
import { rotation } from "./schemas.ts";

const sorts: Sorts = {
  keys: { createdAt: sortKey(legacyApiKeys.createdAt), name: sortKey(legacyApiKeys.name) },
  usual: "createdAt",
  id: legacyApiKeys.id,
};

export const legacyKeys = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("legacy-keys.list"),
    query(listQuery(sorts, legacyKeyShape)),
    respondsPage(legacyKeyShape, "Legacy API keys."),
    async (c) => {
      const { principal, db, services } = c.var;
      const scope = { keyring: services.keyring, tenantId: principal.tenantId, list: c.req.path };
      return c.json(
        await offsetPage(scope, sorts, c.req.valid("query"), (slice) =>
          listLegacyKeys(db, keyScope(principal), slice),
        ),
      );
    },
  )
  // The secret cannot be recovered from its hash, so an upgrade issues a new one; the old one stays valid for a while.
  .post(
    "/:id/upgrade",
    requirePermission("legacy-keys.upgrade"),
    idempotent,
    params(idParam),
    body(rotation),
    responds(renewedKeyShape, "The new API key; the secret is returned only in this response.", 201),
    async (c) => {
      const { principal, db } = c.var;
      const before = await legacyKeyOf(c, c.req.valid("param").id);
      if (!before.isActive || before.upgradedTo !== null) {
        throw new GatewayError("conflict", "This key is already upgraded or disabled.");
      }
      const { name, userId, scopes, ipAllowlist } = before;
      const owner = await findKeyOwner(c, userId);
      assertOwner(principal, userId, owner);
      assertWithinBounds({ scopes }, owner.role, await toKeyCreator(c));
      const { text, row } = await createKey();
      const values: NewKey = {
        ...row,
        ...{ name, userId, scopes, ipAllowlist },
        tenantId: principal.tenantId,
        createdBy: principal.userId,
      };
      const overlapEnd = new Date(Date.now() + c.req.valid("json").overlapSeconds * 1000);
      const end = before.expiresAt !== null && before.expiresAt < overlapEnd ? before.expiresAt : overlapEnd;
      const after = { expiresAt: end, upgradedTo: row.id };
      const what = {
        action: "legacy-keys.upgrade",
        resource: { type: "legacy_api_key", id: before.id },
        before,
        after: { ...before, ...after },
      };
      const succession = { tenantId: principal.tenantId, from: before.id, to: row.id };
      const [, [key]] = await rejectIfDisempowered(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertActor(db, toActor(principal)),
            insertKey(db, values),
            updateLegacyKey(db, keyScope(principal), before.id, after),
            ...copyRules(db, { ...succession, rules: "all" }),
            audit,
          ]),
        ),
      );
      return c.json({ key, secret: text, oldKeyExpiresAt: end }, 201);
    },
  )
  .post(
    "/:id/deactivate",
    requirePermission("legacy-keys.deactivate"),
    params(idParam),
    responds(legacyKeyShape, "The disabled key."),
    async (c) => {
      const { principal, db } = c.var;
      const before = await legacyKeyOf(c, c.req.valid("param").id);
      const off = { isActive: false };
      const what = {
        action: "legacy-keys.deactivate",
        resource: { type: "legacy_api_key", id: before.id },
        before,
        after: { ...before, ...off },
      };
      const [[key]] = await commitWithAudit(c, what, (audit) =>
        db.batch([updateLegacyKey(db, keyScope(principal), before.id, off), audit]),
      );
      return c.json(key ?? before);
    },
  );

async function legacyKeyOf(c: ApiContext, id: string) {
  const [key] = await findLegacyKeyById(c.get("db"), keyScope(c.get("principal")), id);
  if (key === undefined) throw new NotFoundError("API key not found.");
  return key;
}
