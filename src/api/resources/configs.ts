/** Configuration values that the gateway reads at run time. Sensitive values are encrypted and never returned. */
import { z } from "zod";
import { type InputIssue, InvalidInputError } from "../../core/errors.ts";
import { getSetting, isCustomKey, SETTING_KEYS } from "../../core/settings/definitions.ts";
import { validateSetting } from "../../core/settings/values.ts";
import type { CrudRow, RowOwner } from "../../db/queries/shared/crud.ts";
import { insertConfigVersion } from "../../db/queries/tenants/settings.ts";
import { systemConfigs as table } from "../../db/schema/operations.ts";
import { sealSetting, tryOpenSetting } from "../../policy/settings.ts";
import { defineResource } from "../resource/define.ts";
import type { ApiContext } from "../resource/scope.ts";
import { key, prose } from "./members.ts";

const stored = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  key: z.string(),
  value: z.unknown(),
  version: z.number().default(1),
  isSensitive: z.boolean().default(false),
  isRuntime: z.boolean().default(true),
});

const NOT_AT_RUNTIME = {
  path: "/value",
  message: "cannot be changed at run time: set isRuntime to true in the same request",
};

/** Of a row that may not be there yet. */
const said = z.object({ key: z.string(), value: z.unknown() });

const sealedValue = z.strictObject({ sealed: z.string() });

/** Keys of the gateway are typed (see core/settings). Custom values are not validated. */
function faultsIn(owner: RowOwner, { key: name, value }: z.output<typeof said>): InputIssue[] {
  const setting = getSetting(name);
  if (setting === undefined) {
    const others = `unknown setting. Available: ${SETTING_KEYS.join(", ")}`;
    return isCustomKey(name) ? [{ path: "/key", message: others }] : [];
  }
  if (setting.whose === "tenant" && owner === null)
    return [{ path: "/key", message: "can be set only by the organization" }];
  if (setting.whose === "system" && owner !== null)
    return [{ path: "/key", message: "is system-wide and requires operator privileges" }];
  // What is sealed has been looked at when it came.
  const isOld = setting.type === "secret" && sealedValue.safeParse(value).success;
  const fault = isOld ? undefined : validateSetting(setting, value);
  return fault === undefined ? [] : [{ path: "/value", message: fault }];
}

/** The definition of a setting determines these fields, so a request cannot set them. */
function definedBy(name: string): { category?: string; isSensitive?: boolean; isRuntime?: boolean } {
  const setting = getSetting(name);
  if (setting === undefined) return {};
  return { category: name.split(".")[0] ?? "", isSensitive: setting.type === "secret", isRuntime: true };
}

export const configs = defineResource({
  name: "configs",
  noun: "configuration value",
  table,
  fields: {
    key,
    value: z.unknown().refine((value) => value !== undefined && value !== null, "is required"),
    category: z
      .string()
      .regex(
        /^[a-z][a-z0-9_-]{0,99}$/,
        "must contain only lowercase letters, digits, hyphens and underscores",
      ),
    description: prose.nullable(),
    isRuntime: z.boolean().describe("False: the value cannot be changed while the gateway runs."),
    isSensitive: z.boolean(),
  },
  // Once sealed, always sealed: otherwise the history would reveal the secret.
  fixed: ["key", "isSensitive"],
  sorts: ["key", "category", "version", "createdAt", "updatedAt"],
  usual: "key",
  filters: ["key", "category", "isSensitive", "isRuntime"],
  searched: ["key", "description"],
  present: (row) => (row.isSensitive === true ? { ...row, value: null } : row),
  faults: async ({ owner }, row) => faultsIn(owner, said.parse(row)),
  hooks: {
    async prepare(c, values, before) {
      const known = definedBy(stored.parse({ ...before, ...values }).key);
      const after = stored.parse({ ...before, ...values, ...known });
      if (!("value" in values)) return values;
      if (before !== undefined && !after.isRuntime) throw new InvalidInputError([NOT_AT_RUNTIME]);
      const value = after.isSensitive
        ? await sealSetting(c.var.services.keyring, after, after.value)
        : after.value;
      return { ...values, ...known, value, version: before === undefined ? 1 : after.version + 1 };
    },
    alongside(c, db, row) {
      const { id, tenantId, value, version } = stored.parse(row);
      const { userId } = c.get("principal");
      const kept = { configId: id, tenantId, version, value, changedBy: userId ?? null };
      // Versions are counted by values: a new description makes none.
      return [insertConfigVersion(db, kept).onConflictDoNothing()];
    },
  },
  example: { key: "registry.greeting", value: "Welcome", category: "general" },
});

/** The value in clear: undefined where a seal does not open. */
export async function clearValue(c: ApiContext, row: CrudRow): Promise<unknown> {
  const config = stored.parse(row);
  if (!config.isSensitive) return config.value;
  const { sealed } = sealedValue.parse(config.value);
  return tryOpenSetting(c.var.services.keyring, config, sealed);
}
