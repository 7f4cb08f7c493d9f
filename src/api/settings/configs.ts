/** Configuration: besides the five routes what holds of all values, and the way back to an earlier one. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError, NotFoundError } from "../../core/errors.ts";
import { SETTING_KEYS, SETTINGS } from "../../core/settings/definitions.ts";
import type { Setting } from "../../core/settings/setting.ts";
import { readSettings, resolveSettings } from "../../core/settings/values.ts";
import {
  findConfigVersion,
  listConfigVersions,
  listEffectiveConfigs,
  loadSettings,
} from "../../db/queries/tenants/settings.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { requireIfMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { pickFields } from "../http/sorted-lists.ts";
import { body, params } from "../http/validate.ts";
import { requireRow } from "../resource/reading.ts";
import { collection } from "../resource/routes.ts";
import type { ResourceScope } from "../resource/scope.ts";
import { updateResource } from "../resource/write.ts";
import { clearValue, configs as kind } from "../resources/configs.ts";

const versionShape = z.object({
  version: z.number(),
  value: z.unknown().describe("Null if the value is secret."),
  changedBy: z.string().nullable(),
  reason: z.string().nullable(),
  createdAt: z.iso.datetime(),
});

const effectiveShape = z.object({
  key: z.string(),
  value: z.unknown().describe("Null if the value is secret."),
  category: z.string(),
  version: z.number(),
  isRuntime: z.boolean(),
  isSensitive: z.boolean(),
  isOwn: z.boolean().describe("Whether the value is set by the tenant or is the system default."),
});

const settingShape = z.object({
  key: z.string(),
  type: z.enum(["switch", "number", "choice", "text", "names", "secret"]),
  options: z.array(z.string()).nullable().describe("The possible values of a choice."),
  label: z.string(),
  description: z.string(),
  whose: z.enum(["tenant", "system", "both"]).describe("Who can set it."),
  fallback: z.unknown().describe("Value if not set."),
  value: z.unknown().describe("Effective value. Null if secret."),
  isSet: z.boolean(),
  source: z.enum(["default", "system", "tenant"]),
  configId: z.uuid().nullable().describe("The tenant's own value, under /configs."),
});

const wanted = z
  .strictObject({ version: z.number().int().min(1).max(2_147_483_647) })
  .meta({ examples: [{ version: 1 }] });

/** Under a path of its own: beside `/:id` it would be taken for an id. */
export const effective = new Hono<AppEnv>().get(
  "/",
  requirePermission("configs.list"),
  respondsPage(effectiveShape, "Effective values of the tenant, one per key."),
  async (c) => {
    const rows = await listEffectiveConfigs(c.var.db, c.var.principal.tenantId);
    const items = rows.map(({ tenantId, value, ...row }) => ({
      ...row,
      value: row.isSensitive ? null : value,
      isOwn: tenantId !== null,
    }));
    return c.json({ items, nextCursor: null });
  },
);

/** The effective settings of the gateway, with defaults. */
export const settings = new Hono<AppEnv>().get(
  "/",
  requirePermission("configs.list"),
  respondsPage(settingShape, "The settings of the gateway, with their definitions and effective values."),
  async (c) => {
    const rows = await loadSettings(c.var.db, c.var.principal.tenantId, SETTING_KEYS);
    const values = readSettings(rows);
    const chosen = resolveSettings(rows);
    const items = SETTING_KEYS.map((key) => {
      const setting: Setting = SETTINGS[key];
      const row = rows.find((each) => each.key === key && each.tenantId === chosen.get(key)?.tenantId);
      const own = rows.find((each) => each.key === key && each.tenantId !== null);
      return {
        ...{ key, type: setting.type, label: setting.label, description: setting.description },
        ...{ whose: setting.whose, fallback: setting.type === "secret" ? null : setting.fallback },
        options: setting.type === "choice" ? setting.options : null,
        value: setting.type === "secret" ? null : values[key],
        isSet: row !== undefined,
        source: row === undefined ? "default" : row.tenantId === null ? "system" : "tenant",
        configId: own?.id ?? null,
      };
    });
    return c.json({ items, nextCursor: null });
  },
);

export function createConfigRoutes(reach: ResourceScope) {
  return new Hono<AppEnv>()
    .route("/", collection(kind, reach))
    .get(
      "/:id/versions",
      requirePermission(reach.action("configs", "read")),
      params(idParam),
      respondsPage(versionShape, "Versions of the value, newest first."),
      async (c) => {
        const config = await requireRow(c, kind, reach, c.req.valid("param").id);
        const rows = await listConfigVersions(reach.db(c), reach.owner(c), String(config.id));
        const items = rows.map((row) => (config.isSensitive === true ? { ...row, value: null } : row));
        return c.json({ items, nextCursor: null });
      },
    )
    .post(
      "/:id/restore",
      requirePermission(reach.action("configs", "update")),
      params(idParam),
      requireIfMatch,
      body(wanted),
      responds(kind.shape, "The configuration value with the restored version as its latest."),
      async (c) => {
        const { id } = c.req.valid("param");
        const config = await requireRow(c, kind, reach, id);
        const { version } = c.req.valid("json");
        const [old] = await findConfigVersion(reach.db(c), reach.owner(c), id, version);
        if (old === undefined) throw new NotFoundError("Version not found.");
        const value = await clearValue(c, { ...config, value: old.value });
        if (value === undefined) throw new GatewayError("conflict", "The version cannot be decrypted.");
        const row = await updateResource(c, kind, reach, id, { value });
        await setEtag(c, row, kind.changeable);
        return c.json(pickFields(kind.present(row), Object.keys(kind.shape.shape)));
      },
    );
}
