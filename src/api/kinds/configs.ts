/** What the gateway's own code reads at run time. A sensitive value is sealed, and shown to nobody. */
import { z } from "zod";
import { insertConfigVersion } from "../../db/queries/configs.ts";
import type { Row } from "../../db/queries/rows.ts";
import { systemConfigs as table } from "../../db/schema/operations.ts";
import { kind } from "../collection/kind.ts";
import type { Scene } from "../collection/reach.ts";
import { key, prose } from "./members.ts";

const stored = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  key: z.string(),
  value: z.unknown(),
  version: z.number().default(1),
  isSensitive: z.boolean().default(false),
});

const sealedValue = z.strictObject({ sealed: z.string() });

/** Bound to owner and key, so that no sealed value is of use elsewhere. */
const purpose = ({ tenantId, key: name }: { tenantId: string | null; key: string }) =>
  `config:${tenantId ?? "system"}:${name}`;

export const configs = kind({
  name: "configs",
  noun: "configuration value",
  table,
  fields: {
    key,
    value: z.unknown().refine((value) => value !== undefined && value !== null, "is missing"),
    category: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,99}$/, "takes small letters, digits, hyphens and underscores"),
    description: prose.nullable(),
    isRuntime: z.boolean(),
    isSensitive: z.boolean(),
  },
  // Once sealed, always sealed: history would else tell what was meant to be hidden.
  fixed: ["key", "isSensitive"],
  sorts: ["key", "category", "version", "createdAt", "updatedAt"],
  usual: "key",
  filters: ["key", "category", "isSensitive", "isRuntime"],
  searched: ["key", "description"],
  present: (row) => (row.isSensitive === true ? { ...row, value: null } : row),
  hooks: {
    async prepare(c, values, before) {
      const after = stored.parse({ ...before, ...values });
      if (!("value" in values)) return values;
      const value = after.isSensitive ? await seal(c, after) : after.value;
      return { ...values, value, version: before === undefined ? 1 : after.version + 1 };
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

async function seal(c: Scene, config: z.output<typeof stored>) {
  const content = new TextEncoder().encode(JSON.stringify(config.value));
  return { sealed: await c.var.services.keyring.seal(purpose(config), content) };
}

/** The value in clear: undefined where a seal does not open. */
export async function clearValue(c: Scene, row: Row): Promise<unknown> {
  const config = stored.parse(row);
  if (!config.isSensitive) return config.value;
  const { sealed } = sealedValue.parse(config.value);
  const opened = await c.var.services.keyring.open(purpose(config), sealed);
  return opened === undefined ? undefined : JSON.parse(new TextDecoder().decode(opened));
}
