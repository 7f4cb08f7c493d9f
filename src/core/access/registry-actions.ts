/** The actions on what the registry watches and publishes. */
import type { ActionRule } from "./actions.ts";

const anybody: ActionRule = { role: "readonly", scope: "read" };
const reads: ActionRule = { role: "admin", scope: "read" };
const writes: ActionRule = { role: "admin", scope: "admin" };

export const REGISTRY_ACTIONS = {
  "tool-changes.list": reads,
  "tool-changes.decide": writes,

  "registry-entries.list": anybody,
  "registry-entries.read": anybody,
  /** Members publish what they run; what others run (import, use) is for admins. */
  "registry-entries.publish": { role: "user", scope: "write" },
  "registry-entries.import": writes,
  "registry-entries.register": writes,
  "registry-sources.synchronise": writes,
  "registry-paths.list": reads,
  "registry-paths.create": writes,
  "registry-paths.delete": writes,

  "metrics.read": { role: "readonly", scope: "metrics" },
} as const satisfies Record<string, ActionRule>;
