/** API keys: made, shown once, narrowed, rotated, revoked. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { listApiKeys } from "../../db/queries/access/api-key-lookup.ts";
import { findKey, insertKey, type NewKey, updateKey } from "../../db/queries/access/api-keys.ts";
import { assertActor, copyRules } from "../../db/queries/identity/authority.ts";
import { assertUnchanged } from "../../db/queries/shared/crud.ts";
import { apiKeys } from "../../db/schema/access.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { rejectIfDisempowered, toActor } from "../access/actor.ts";
import { buildPage, nameCursor, pageQuery, parseCursor } from "../http/cursors.ts";
import { conflictIfChanged, requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import { body, params, query } from "../http/validate.ts";
import { keyShape, newKeyShape, renewedKeyShape } from "../resource/row-shapes.ts";
import type { ApiContext } from "../resource/scope.ts";
import {
  assertOwner,
  assertWithinBounds,
  createKey,
  findKeyOwner,
  keyScope,
  toKeyCreator,
} from "./create-key.ts";
import { assertKeyCapacity, resolveOwner } from "./owners.ts";
import { keyChange, newKey, rotation, termsIn } from "./schemas.ts";

const listQuery = pageQuery.extend({
  active: z.union([z.literal("all"), z.stringbool()]).default(true),
  userId: z.string().min(1).max(100).optional(),
  q: z.string().min(1).max(200).optional(),
});

export const keys = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("keys.list"),
    query(listQuery),
    respondsPage(keyShape, "API keys the caller can access."),
    async (c) => {
      const { limit, cursor, active, userId, q } = c.req.valid("query");
      const { principal, db } = c.var;
      const { tenantId, ...whose } = keyScope(principal);
      const after = parseCursor(nameCursor, cursor);
      const rows = await listApiKeys(db, tenantId, {
        ...whose,
        isActive: active === "all" ? "any" : active,
        ...{ ownerId: userId, search: q, after, limit: limit + 1 },
      });
      return c.json(buildPage(rows, limit, ({ name, id }) => ({ name, id })));
    },
  )
  .post(
    "/",
    requirePermission("keys.create"),
    idempotent,
    body(newKey),
    responds(newKeyShape, "The API key; the secret is returned only in this response.", 201),
    async (c) => {
      const { serviceAccountId, ...wanted } = c.req.valid("json");
      const { principal, db } = c.var;
      const maker = await toKeyCreator(c);
      const owner = await resolveOwner(c, serviceAccountId);
      assertWithinBounds(termsIn(wanted), owner.role, maker);
      await assertKeyCapacity(c);
      const { text, row } = await createKey();
      const values: NewKey = {
        ...row,
        ...wanted,
        tenantId: principal.tenantId,
        userId: owner.userId,
        createdBy: principal.userId,
      };
      const what = { action: "keys.create", resource: { type: "api_key", id: row.id }, after: values };
      const actor = toActor(principal);
      // What its maker is denied, a key that a key makes is denied too.
      const from = { tenantId: principal.tenantId, from: actor.keyId ?? row.id, to: row.id };
      const [, [key]] = await rejectIfDisempowered(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertActor(db, actor),
            insertKey(db, values),
            ...copyRules(db, { ...from, rules: actor.keyId === undefined ? "all" : "deny" }),
            audit,
          ]),
        ),
      );
      c.header("location", `${c.req.path}/${row.id}`);
      return c.json({ key, secret: text }, 201);
    },
  )
  .get(
    "/:id",
    requirePermission("keys.read"),
    params(idParam),
    responds(keyShape, "The API key, without its secret."),
    async (c) => {
      const key = await keyInReach(c, c.req.valid("param").id);
      await setEtag(c, key, CHANGEABLE);
      return c.json(key);
    },
  )
  .patch(
    "/:id",
    requirePermission("keys.update"),
    params(idParam),
    requireIfMatch,
    body(keyChange),
    responds(keyShape, "The updated API key."),
    async (c) => {
      const { db, principal } = c.var;
      const before = await keyInReach(c, c.req.valid("param").id);
      const wanted = c.req.valid("json");
      await requireMatch(c, before, CHANGEABLE);
      if (before.revokedAt !== null)
        throw new GatewayError("conflict", "Revoked keys cannot be modified. Create a new key.");
      const terms = termsIn(wanted);
      if (Object.keys(terms).length > 0) {
        assertWithinBounds(terms, (await findKeyOwner(c, before.userId)).role, await toKeyCreator(c));
      }
      const values = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      const what = {
        action: "keys.update",
        resource: { type: "api_key", id: before.id },
        before,
        after: { ...before, ...values },
      };
      const [, [key = before]] = await conflictIfChanged(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertUnchanged(db, apiKeys, before.id, before.updatedAt),
            updateKey(db, keyScope(principal), before.id, values),
            audit,
          ]),
        ),
      );
      await setEtag(c, key, CHANGEABLE);
      return c.json(key);
    },
  )
  .post(
    "/:id/rotate",
    requirePermission("keys.rotate"),
    idempotent,
    params(idParam),
    body(rotation),
    responds(renewedKeyShape, "The new API key; the secret is returned only in this response.", 201),
    async (c) => {
      const { db, principal } = c.var;
      const before = await keyInReach(c, c.req.valid("param").id);
      const now = new Date();
      if (!before.isActive || (before.expiresAt !== null && before.expiresAt <= now)) {
        throw new GatewayError(
          "conflict",
          "This API key is not active and cannot be rotated. Create a new key.",
        );
      }
      const owner = await findKeyOwner(c, before.userId);
      assertOwner(principal, before.userId, owner);
      assertWithinBounds(termsIn(before), owner.role, await toKeyCreator(c));
      const { text, row } = await createKey();
      const { name, description, scopes, connectServer, ipAllowlist, expiresAt } = before;
      const { rateLimitPerHour, rateLimitPerDay } = before;
      const values: NewKey = {
        ...{ name, description, scopes, connectServer, ipAllowlist, expiresAt },
        ...{ rateLimitPerHour, rateLimitPerDay },
        ...row,
        tenantId: principal.tenantId,
        userId: before.userId,
        createdBy: principal.userId,
        rotatedFrom: before.id,
      };
      const overlapEnd = new Date(now.getTime() + c.req.valid("json").overlapSeconds * 1000);
      const end = expiresAt !== null && expiresAt < overlapEnd ? expiresAt : overlapEnd;
      const what = {
        action: "keys.rotate",
        resource: { type: "api_key", id: before.id },
        before,
        after: { ...before, expiresAt: end },
        details: { newKeyId: row.id },
      };
      const succession = { tenantId: principal.tenantId, from: before.id, to: row.id };
      const [, , [key]] = await conflictIfChanged(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertActor(db, toActor(principal)),
            assertUnchanged(db, apiKeys, before.id, before.updatedAt),
            insertKey(db, values),
            updateKey(db, keyScope(principal), before.id, { expiresAt: end }),
            ...copyRules(db, { ...succession, rules: "all" }),
            audit,
          ]),
        ),
      );
      return c.json({ key, secret: text, oldKeyExpiresAt: end }, 201);
    },
  )
  .delete(
    "/:id",
    requirePermission("keys.revoke"),
    params(idParam),
    respondsEmpty("API key revoked."),
    async (c) => {
      const { db, principal } = c.var;
      const before = await keyInReach(c, c.req.valid("param").id);
      if (before.revokedAt !== null) return c.body(null, 204);
      const gone = { isActive: false, revokedAt: new Date() };
      const what = {
        action: "keys.revoke",
        resource: { type: "api_key", id: before.id },
        before,
        after: { ...before, ...gone },
      };
      await commitWithAudit(c, what, (audit) =>
        db.batch([updateKey(db, keyScope(principal), before.id, gone), audit]),
      );
      return c.body(null, 204);
    },
  );

/** The version that If-Match is compared with. */
const CHANGEABLE = [
  "name",
  "description",
  "scopes",
  "connectServer",
  "rateLimitPerHour",
  "rateLimitPerDay",
  "ipAllowlist",
  "expiresAt",
  "isActive",
  "revokedAt",
];

async function keyInReach(c: ApiContext, id: string) {
  const [key] = await findKey(c.get("db"), keyScope(c.get("principal")), id);
  if (key === undefined) throw new NotFoundError("API key not found, or not accessible.");
  return key;
}
