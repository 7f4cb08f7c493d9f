/** API keys: made, shown once, narrowed, rotated, revoked. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { GatewayError, NotFoundError } from "../core/errors.ts";
import { listApiKeys } from "../db/queries/access/api-key-lookup.ts";
import { findKey, insertKey, type NewKey, updateKey } from "../db/queries/access/api-keys.ts";
import { assertActor, copyRules } from "../db/queries/identity/authority.ts";
import { assertUnchanged } from "../db/queries/shared/crud.ts";
import { apiKeys } from "../db/schema/access.ts";
import type { AppEnv } from "../middleware/app-env.ts";
import { commitWithAudit } from "../policy/commit-with-audit.ts";
import { type GuardedEnv, requirePermission } from "../policy/guard.ts";
import { actorOf, unlessDisempowered } from "./actor.ts";
import { gives, givesNothing, givesPage } from "./answers.ts";
import { conditional, refuseStale, tagged, unlessOvertaken } from "./etag.ts";
import { ownerOf, refuseBeyondPlan } from "./key-owners.ts";
import { idParam, keyChange, newKey, rotation, termsIn } from "./key-schemas.ts";
import { makerOf, mint, ownerOfKey, reachOf, refuseExcess, refuseOthersName } from "./minting.ts";
import { once } from "./once.ts";
import { nameCursor, pageOf, pageQuery, readCursor } from "./pages.ts";
import { keyShape, newKeyShape, renewedKeyShape } from "./shapes.ts";
import { body, params, query } from "./validate.ts";

const listQuery = pageQuery.extend({ active: z.stringbool().default(true) });

export const keys = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("keys.list"),
    query(listQuery),
    givesPage(keyShape, "API keys the caller can access."),
    async (c) => {
      const { limit, cursor, active } = c.req.valid("query");
      const { principal, db } = c.var;
      const { tenantId, ...whose } = reachOf(principal);
      const after = readCursor(nameCursor, cursor);
      const rows = await listApiKeys(db, tenantId, { ...whose, isActive: active, after, limit: limit + 1 });
      return c.json(pageOf(rows, limit, ({ name, id }) => ({ name, id })));
    },
  )
  .post(
    "/",
    requirePermission("keys.create"),
    once,
    body(newKey),
    gives(newKeyShape, "The API key; the secret is returned only in this response.", 201),
    async (c) => {
      const { serviceAccountId, ...wanted } = c.req.valid("json");
      const { principal, db } = c.var;
      const maker = await makerOf(c);
      const owner = await ownerOf(c, serviceAccountId);
      refuseExcess(termsIn(wanted), owner.role, maker);
      await refuseBeyondPlan(c);
      const { text, row } = await mint();
      const values: NewKey = {
        ...row,
        ...wanted,
        tenantId: principal.tenantId,
        userId: owner.userId,
        createdBy: principal.userId,
      };
      const what = { action: "keys.create", resource: { type: "api_key", id: row.id }, after: values };
      const actor = actorOf(principal);
      // What its maker is denied, a key that a key makes is denied too.
      const from = { tenantId: principal.tenantId, from: actor.keyId ?? row.id, to: row.id };
      const [, [key]] = await unlessDisempowered(
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
    gives(keyShape, "The API key, without its secret."),
    async (c) => {
      const key = await keyInReach(c, c.req.valid("param").id);
      await tagged(c, key, CHANGEABLE);
      return c.json(key);
    },
  )
  .patch(
    "/:id",
    requirePermission("keys.update"),
    params(idParam),
    conditional,
    body(keyChange),
    gives(keyShape, "The updated API key."),
    async (c) => {
      const { db, principal } = c.var;
      const before = await keyInReach(c, c.req.valid("param").id);
      const wanted = c.req.valid("json");
      await refuseStale(c, before, CHANGEABLE);
      if (before.revokedAt !== null)
        throw new GatewayError("conflict", "Revoked keys cannot be modified. Create a new key.");
      const terms = termsIn(wanted);
      if (Object.keys(terms).length > 0) {
        refuseExcess(terms, (await ownerOfKey(c, before.userId)).role, await makerOf(c));
      }
      const values = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      const what = {
        action: "keys.update",
        resource: { type: "api_key", id: before.id },
        before,
        after: { ...before, ...values },
      };
      const [, [key = before]] = await unlessOvertaken(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertUnchanged(db, apiKeys, before.id, before.updatedAt),
            updateKey(db, reachOf(principal), before.id, values),
            audit,
          ]),
        ),
      );
      await tagged(c, key, CHANGEABLE);
      return c.json(key);
    },
  )
  .post(
    "/:id/rotate",
    requirePermission("keys.rotate"),
    once,
    params(idParam),
    body(rotation),
    gives(renewedKeyShape, "The new API key; the secret is returned only in this response.", 201),
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
      const owner = await ownerOfKey(c, before.userId);
      refuseOthersName(principal, before.userId, owner);
      refuseExcess(termsIn(before), owner.role, await makerOf(c));
      const { text, row } = await mint();
      const { name, description, scopes, rateLimitPerHour, rateLimitPerDay, ipAllowlist, expiresAt } = before;
      const values: NewKey = {
        ...{ name, description, scopes, rateLimitPerHour, rateLimitPerDay, ipAllowlist, expiresAt },
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
      const [, , [key]] = await unlessOvertaken(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertActor(db, actorOf(principal)),
            assertUnchanged(db, apiKeys, before.id, before.updatedAt),
            insertKey(db, values),
            updateKey(db, reachOf(principal), before.id, { expiresAt: end }),
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
    givesNothing("API key revoked."),
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
        db.batch([updateKey(db, reachOf(principal), before.id, gone), audit]),
      );
      return c.body(null, 204);
    },
  );

/** What an If-Match speaks of. */
const CHANGEABLE = [
  "name",
  "description",
  "scopes",
  "rateLimitPerHour",
  "rateLimitPerDay",
  "ipAllowlist",
  "expiresAt",
  "isActive",
  "revokedAt",
];

type Ctx = Context<AppEnv & GuardedEnv>;

async function keyInReach(c: Ctx, id: string) {
  const [key] = await findKey(c.get("db"), reachOf(c.get("principal")), id);
  if (key === undefined) throw new NotFoundError("API key not found, or not accessible.");
  return key;
}
