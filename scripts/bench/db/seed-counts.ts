/** How much the benchmark and the index tests seed. */
export interface SeedCounts {
  /** Over how many days the time series reach back. */
  days: number;
  tenants: number;
  servers: number;
  tools: number;
  resources: number;
  users: number;
  sessions: number;
  apiKeys: number;
  accessControls: number;
  routingRules: number;
  invitations: number;
  configs: number;
  alertEvents: number;
  securityEvents: number;
  serverMetrics: number;
  healthChecks: number;
  requestLogs: number;
  auditLogs: number;
  mcpAuditLogs: number;
}

/** What the headline results are promised for. */
export const fullSize: SeedCounts = {
  days: 30,
  tenants: 200,
  servers: 10_000,
  tools: 100_000,
  resources: 50_000,
  users: 100_000,
  sessions: 200_000,
  apiKeys: 20_000,
  accessControls: 40_000,
  routingRules: 6_000,
  invitations: 10_000,
  configs: 6_000,
  alertEvents: 50_000,
  securityEvents: 100_000,
  serverMetrics: 300_000,
  healthChecks: 300_000,
  requestLogs: 1_000_000,
  auditLogs: 1_000_000,
  mcpAuditLogs: 300_000,
};

/** Everything smaller or larger by a factor, except how far back it reaches. */
export function scaled(scale: number): SeedCounts {
  const times = (count: number) => Math.max(1, Math.round(count * scale));
  return {
    days: fullSize.days,
    tenants: Math.max(10, Math.round(fullSize.tenants * Math.min(1, scale * 5))),
    servers: times(fullSize.servers),
    tools: times(fullSize.tools),
    resources: times(fullSize.resources),
    users: times(fullSize.users),
    sessions: times(fullSize.sessions),
    apiKeys: times(fullSize.apiKeys),
    accessControls: times(fullSize.accessControls),
    routingRules: times(fullSize.routingRules),
    invitations: times(fullSize.invitations),
    configs: times(fullSize.configs),
    alertEvents: times(fullSize.alertEvents),
    securityEvents: times(fullSize.securityEvents),
    serverMetrics: times(fullSize.serverMetrics),
    healthChecks: times(fullSize.healthChecks),
    requestLogs: times(fullSize.requestLogs),
    auditLogs: times(fullSize.auditLogs),
    mcpAuditLogs: times(fullSize.mcpAuditLogs),
  };
}
