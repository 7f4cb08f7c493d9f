/** The actions on what the registry watches and publishes. */
import type { PermissionRule } from "./permission-rule.ts";

const anyRole: PermissionRule = { role: "readonly", scope: "read" };
const reads: PermissionRule = { role: "admin", scope: "read" };
const writes: PermissionRule = { role: "admin", scope: "admin" };

export const REGISTRY_PERMISSIONS = {
  "tool-changes.list": reads,
  "tool-changes.decide": writes,

  "registry-entries.list": anyRole,
  "registry-entries.read": anyRole,
  /** Members publish what they run; what others run (import, use) is for admins. */
  "registry-entries.publish": { role: "user", scope: "write" },
  "registry-entries.import": writes,
  "registry-entries.register": writes,
  "registry-sources.synchronise": writes,
  "registry-paths.list": reads,
  "registry-paths.create": writes,
  "registry-paths.delete": writes,

  "metrics.read": { role: "readonly", scope: "metrics" },
} as const satisfies Record<string, PermissionRule>;
