/** Configuration: besides the five routes what holds of all values, and the way back to an earlier one. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError, NotFoundError } from "../core/errors.ts";
import { configVersion, configVersions, effectiveConfigs } from "../db/queries/configs.ts";
import type { AppEnv } from "../edge/context.ts";
import { guard } from "../policy/guard.ts";
import { gives, givesPage } from "./answers.ts";
import { collection } from "./collection/collection.ts";
import { ofTenant } from "./collection/reach.ts";
import { found } from "./collection/reading.ts";
import { alter } from "./collection/write.ts";
import { conditional, tagged } from "./etag.ts";
import { idParam } from "./key-schemas.ts";
import { clearValue, configs as kind } from "./kinds/configs.ts";
import { only } from "./lists.ts";
import { body, params } from "./validate.ts";

const versionShape = z.object({
  version: z.number(),
  value: z.unknown().describe("Null where it is sensitive."),
  changedBy: z.string().nullable(),
  reason: z.string().nullable(),
  createdAt: z.iso.datetime(),
});

const effectiveShape = z.object({
  key: z.string(),
  value: z.unknown().describe("Null where it is sensitive."),
  category: z.string(),
  version: z.number(),
  isRuntime: z.boolean(),
  isSensitive: z.boolean(),
  isOwn: z.boolean().describe("Whether the tenant has set it, or it is the whole system's."),
});

const wanted = z
  .strictObject({ version: z.number().int().min(1).max(2_147_483_647) })
  .meta({ examples: [{ version: 1 }] });

/** Under a path of its own: beside `/:id` it would be taken for an id. */
export const effective = new Hono<AppEnv>().get(
  "/",
  guard("configs.list"),
  givesPage(effectiveShape, "What holds in the tenant, one line a key."),
  async (c) => {
    const rows = await effectiveConfigs(c.var.db, c.var.principal.tenantId);
    const items = rows.map(({ tenantId, value, ...row }) => ({
      ...row,
      value: row.isSensitive ? null : value,
      isOwn: tenantId !== null,
    }));
    return c.json({ items, nextCursor: null });
  },
);

export const configs = new Hono<AppEnv>()
  .route("/", collection(kind))
  .get(
    "/:id/versions",
    guard("configs.read"),
    params(idParam),
    givesPage(versionShape, "Its values, newest first."),
    async (c) => {
      const config = await found(c, kind, ofTenant, c.req.valid("param").id);
      const rows = await configVersions(c.var.db, c.var.principal.tenantId, String(config.id));
      const items = rows.map((row) => (config.isSensitive === true ? { ...row, value: null } : row));
      return c.json({ items, nextCursor: null });
    },
  )
  .post(
    "/:id/restore",
    guard("configs.update"),
    params(idParam),
    conditional,
    body(wanted),
    gives(kind.shape, "The configuration, with the old value as its newest."),
    async (c) => {
      const { id } = c.req.valid("param");
      const config = await found(c, kind, ofTenant, id);
      const { version } = c.req.valid("json");
      const [old] = await configVersion(c.var.db, c.var.principal.tenantId, id, version);
      if (old === undefined) throw new NotFoundError("There is no such version.");
      const value = await clearValue(c, { ...config, value: old.value });
      if (value === undefined) throw new GatewayError("conflict", "That version can no longer be opened.");
      const row = await alter(c, kind, ofTenant, id, { value });
      await tagged(c, row, kind.changeable);
      return c.json(only(kind.present(row), Object.keys(kind.shape.shape)));
    },
  );
