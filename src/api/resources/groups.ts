/** Groups of members. Those that an identity provider provisions keep the name and the ID that they have there. */
import { z } from "zod";
import { GROUP_SOURCES } from "../../core/enums.ts";
import { GatewayError } from "../../core/errors.ts";
import { assertGroupUnused } from "../../db/queries/identity/groups.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import { groups as table } from "../../db/schema/groups.ts";
import { defineResource } from "../resource/define.ts";
import { prose, title } from "./members.ts";

/** Fields that a provisioned group has from its provider. */
const PROVISIONED_FIELDS = ["name", "externalId"] as const;

const stored = z.object({ name: z.string(), source: z.enum(GROUP_SOURCES) });

export const groups = defineResource({
  name: "groups",
  noun: "group",
  table,
  fields: {
    name: title,
    description: prose.nullable(),
    externalId: z
      .string()
      .min(1)
      .max(500)
      .nullable()
      .describe("The ID of the group at the identity provider."),
  },
  sorts: ["name", "source", "createdAt", "updatedAt"],
  usual: "name",
  filters: ["source", "externalId"],
  searched: ["name", "description"],
  hooks: {
    use: {
      assertUnused: assertGroupUnused,
      advice: "Delete the access rules, rate limits, budgets and toolset bindings that name it first.",
    },
    prepare: async (_, values, before) => rejectProvisionedChange(values, before),
  },
  example: { name: "Engineering", description: "Members who deploy." },
});

/** A provider finds its group by these fields again. */
function rejectProvisionedChange(values: CrudRow, before: CrudRow | undefined): CrudRow {
  if (before === undefined) return values;
  const { name, source } = stored.parse(before);
  const isChanged = PROVISIONED_FIELDS.some(
    (field) => values[field] !== undefined && values[field] !== before[field],
  );
  if (source === "manual" || !isChanged) return values;
  throw new GatewayError(
    "conflict",
    `Group ${name} is provisioned (${source}). Change its name and external ID at the identity provider.`,
  );
}
