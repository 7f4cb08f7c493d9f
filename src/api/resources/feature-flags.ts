/** Feature flags. A tenant's own flag takes precedence over the system-wide flag with the same key. */
import { z } from "zod";
import { featureFlags as table } from "../../db/schema/operations.ts";
import { flagRule } from "../../policy/flag-rules.ts";
import { defineResource } from "../resource/define.ts";
import { key, prose, title } from "./members.ts";

const ids = z.array(z.string().min(1).max(200)).max(1000);

const rules = z.array(flagRule).max(100);

export const featureFlags = defineResource({
  name: "feature-flags",
  noun: "feature flag",
  table,
  fields: {
    key,
    name: title,
    description: prose.nullable(),
    isEnabled: z.boolean(),
    rules,
    percentage: z.number().min(0).max(100),
    userIds: ids,
  },
  fixed: ["key"],
  known: { rules },
  sorts: ["key", "name", "createdAt", "updatedAt"],
  usual: "key",
  filters: ["key", "isEnabled"],
  searched: ["key", "name", "description"],
  example: { key: "new-catalog", name: "The new catalog", isEnabled: true, percentage: 25 },
});
