/** The actions on servers and on what the gateway has seen of them: looked at by many, changed by admins. */
import type { PermissionRule } from "./permission-rule.ts";

/** Every role may read these; src/api/servers/visible.ts restricts the rows to servers that the principal can use. */
const anyRole: PermissionRule = { role: "readonly", scope: "read" };
const reads: PermissionRule = { role: "admin", scope: "read" };
const writes: PermissionRule = { role: "admin", scope: "admin" };
const operators = (scope: "read" | "admin"): PermissionRule => ({ role: "admin", scope, operator: true });

export const MONITORING_PERMISSIONS = {
  "servers.list": anyRole,
  "servers.read": anyRole,
  "servers.create": writes,
  "servers.update": writes,
  "servers.delete": writes,
  "servers.probe": writes,
  "servers.discover": writes,
  "servers.metrics": { role: "readonly", scope: "metrics" },
  "servers.health": { role: "readonly", scope: "health" },
  "tools.list": anyRole,
  "tools.read": anyRole,
  "resources.list": anyRole,
  "resources.read": anyRole,
  "prompts.list": anyRole,
  "prompts.read": anyRole,

  "users.list": reads,
  "users.read": reads,
  "users.update": writes,
  "users.ban": writes,
  "users.sessions": reads,
  "users.end-sessions": writes,
  "users.reset-second-factor": writes,
  "users.send-password-reset": writes,
  "oauth-grants.list": reads,
  "oauth-grants.end": writes,

  "announcements.seen": anyRole,
  "announcements.acknowledge": { role: "readonly", scope: "write" },
  "alert-events.list": reads,
  "alert-events.read": reads,
  "alert-events.acknowledge": writes,
  "alert-events.resolve": writes,
  "alert-states.list": reads,
  "alert-deliveries.list": reads,
  "alerts.test": writes,
  "alerts.sign": writes,
  "traffic.read": reads,
  "traffic.lift": writes,
  "circuit-breakers.list": reads,
  "circuit-breakers.read": reads,
  "circuit-breakers.force": writes,
  "connection-pools.list": reads,

  "analytics.read": reads,
  "analytics.export": reads,
  "request-logs.export": reads,
  "retention.preview": reads,
  "audit-logs.list": reads,
  "audit-logs.verify": reads,
  "mcp-audit-logs.list": reads,
  "request-logs.list": reads,
  "error-logs.list": reads,
  "security-events.list": reads,
  "system-events.list": reads,

  "configuration.export": reads,
  "configuration.plan": writes,
  "configuration.apply": writes,

  /** What is of no tenant and applies to all. */
  "system.read": operators("read"),
  "system.write": operators("admin"),
} as const satisfies Record<string, PermissionRule>;
