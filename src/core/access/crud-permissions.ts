/** The actions on what admins manage in the same five ways: see src/api/collection. */
import type { PermissionRule } from "./permission-rule.ts";

const reads: PermissionRule = { role: "admin", scope: "read" };
const writes: PermissionRule = { role: "admin", scope: "admin" };

export const CRUD_PERMISSIONS = {
  "routing-rules.list": reads,
  "routing-rules.read": reads,
  "routing-rules.create": writes,
  "routing-rules.update": writes,
  "routing-rules.delete": writes,

  "toolsets.list": reads,
  "toolsets.read": reads,
  "toolsets.create": writes,
  "toolsets.update": writes,
  "toolsets.delete": writes,

  "toolset-bindings.list": reads,
  "toolset-bindings.read": reads,
  "toolset-bindings.create": writes,
  "toolset-bindings.update": writes,
  "toolset-bindings.delete": writes,

  "groups.list": reads,
  "groups.read": reads,
  "groups.create": writes,
  "groups.update": writes,
  "groups.delete": writes,

  "group-members.list": reads,
  "group-members.read": reads,
  "group-members.create": writes,
  "group-members.update": writes,
  "group-members.delete": writes,

  "identity-providers.list": reads,
  "identity-providers.read": reads,
  "identity-providers.create": writes,
  "identity-providers.update": writes,
  "identity-providers.delete": writes,

  "verified-domains.list": reads,
  "verified-domains.read": reads,
  "verified-domains.create": writes,
  "verified-domains.update": writes,
  "verified-domains.delete": writes,

  "rate-limits.list": reads,
  "rate-limits.read": reads,
  "rate-limits.create": writes,
  "rate-limits.update": writes,
  "rate-limits.delete": writes,

  "budgets.list": reads,
  "budgets.read": reads,
  "budgets.create": writes,
  "budgets.update": writes,
  "budgets.delete": writes,

  "ip-rules.list": reads,
  "ip-rules.read": reads,
  "ip-rules.create": writes,
  "ip-rules.update": writes,
  "ip-rules.delete": writes,

  "configs.list": reads,
  "configs.read": reads,
  "configs.create": writes,
  "configs.update": writes,
  "configs.delete": writes,

  "feature-flags.list": reads,
  "feature-flags.read": reads,
  "feature-flags.create": writes,
  "feature-flags.update": writes,
  "feature-flags.delete": writes,

  "maintenance-windows.list": reads,
  "maintenance-windows.read": reads,
  "maintenance-windows.create": writes,
  "maintenance-windows.update": writes,
  "maintenance-windows.delete": writes,

  "announcements.list": reads,
  "announcements.read": reads,
  "announcements.create": writes,
  "announcements.update": writes,
  "announcements.delete": writes,

  "alerts.list": reads,
  "alerts.read": reads,
  "alerts.create": writes,
  "alerts.update": writes,
  "alerts.delete": writes,

  "retention-policies.list": reads,
  "retention-policies.read": reads,
  "retention-policies.create": writes,
  "retention-policies.update": writes,
  "retention-policies.delete": writes,

  "request-queues.list": reads,
  "request-queues.read": reads,
  "request-queues.create": writes,
  "request-queues.update": writes,
  "request-queues.delete": writes,

  "registry-sources.list": reads,
  "registry-sources.read": reads,
  "registry-sources.create": writes,
  "registry-sources.update": writes,
  "registry-sources.delete": writes,
} as const satisfies Record<string, PermissionRule>;

type ResourceName<A> = A extends `${infer Name}.delete` ? Name : never;

/** What is managed so, by the first half of its actions' names. */
export type CrudResourceName = ResourceName<keyof typeof CRUD_PERMISSIONS>;
