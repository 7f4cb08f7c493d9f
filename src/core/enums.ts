/** The closed sets of words that database, API and decisions share; each is also an enum in Postgres. */
export const ROLES = ["admin", "user", "service", "readonly"] as const;
export const HEALTH_STATUSES = ["healthy", "unhealthy", "degraded", "unknown", "maintenance"] as const;
export const TRANSPORTS = ["http", "websocket", "stdio", "sse"] as const;
export const API_KEY_SCOPES = ["read", "write", "admin", "proxy", "metrics", "health", "connect"] as const;
export const TENANT_STATUSES = ["active", "suspended", "archived"] as const;
export const INVITATION_STATUSES = ["pending", "accepted", "rejected", "canceled", "expired"] as const;
export const BREAKER_STATES = ["closed", "open", "half_open"] as const;
export const BALANCING_STRATEGIES = [
  "round_robin",
  "weighted",
  "least_connections",
  "least_latency",
  "random",
  "consistent_hash",
  "priority-failover",
] as const;
export const ACCESS_SUBJECTS = ["user", "role", "key", "group"] as const;
export const ACCESS_OBJECTS = ["server", "tool", "resource", "prompt", "toolset"] as const;
/** What can be bound to one toolset. */
export const BINDING_SUBJECTS = ["key", "client", "group", "role"] as const;
export const BUDGET_SUBJECTS = ["tenant", "user", "key", "group"] as const;
export const BUDGET_PERIODS = ["day", "month"] as const;
export const ACCESS_EFFECTS = ["allow", "deny"] as const;
export const IP_RULE_KINDS = ["allow", "block"] as const;
export const LIMIT_SUBJECTS = [
  "global",
  "tenant",
  "role",
  "user",
  "key",
  "ip",
  "server",
  "tool",
  "group",
] as const;
export const POOL_KINDS = ["database", "upstream"] as const;
export const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;
export const ALERT_COMPARISONS = ["gt", "gte", "lt", "lte"] as const;
export const ALERT_STATUSES = ["open", "acknowledged", "resolved"] as const;
/** How a resource is read: by its URI, with updates that its server sends, or after a template's variables are filled in. */
export const ACCESS_PATTERNS = ["read", "subscribe", "template"] as const;
export const ENTRY_STATUSES = ["active", "deprecated", "deleted"] as const;
/** What creates a group or adds a member to it: an admin, SCIM, or the claims of a sign-in. */
export const GROUP_SOURCES = ["manual", "scim", "claims"] as const;
export const GROUP_ROLES = ["owner", "publisher", "user"] as const;
/** Held and blocked are decisions about a changed definition; `disabled` is the decision of an admin. */
export const TOOL_STATES = ["held", "blocked", "disabled"] as const;
/** How the gateway authenticates to a server. */
export const AUTH_TYPES = [
  "none",
  "bearer",
  "basic",
  "header",
  "user_secret",
  "user_oauth",
  "client_credentials",
  "identity_jwt",
  "token_exchange",
] as const;
/** Those by which every member acts with a credential of their own, from a connected account. */
export const ACCOUNT_AUTH_TYPES = ["user_secret", "user_oauth"] as const satisfies readonly AuthType[];
/** Manual: only by request. Incremental: by interval, from what has been logged since the last refresh. */
export const REFRESH_STRATEGIES = ["manual", "incremental"] as const;

export type Role = (typeof ROLES)[number];
export type HealthStatus = (typeof HEALTH_STATUSES)[number];
export type Transport = (typeof TRANSPORTS)[number];
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];
export type TenantStatus = (typeof TENANT_STATUSES)[number];
export type BreakerState = (typeof BREAKER_STATES)[number];
export type BalancingStrategy = (typeof BALANCING_STRATEGIES)[number];
export type Severity = (typeof SEVERITIES)[number];
export type AccessPattern = (typeof ACCESS_PATTERNS)[number];
export type EntryStatus = (typeof ENTRY_STATUSES)[number];
export type AuthType = (typeof AUTH_TYPES)[number];
export type ToolState = (typeof TOOL_STATES)[number];

export const usesAccounts = (type: string): boolean => ACCOUNT_AUTH_TYPES.some((known) => known === type);

/** The gateway states who is calling, in a token that it signs. */
export const sendsIdentity = (type: string): boolean => type === "identity_jwt" || type === "token_exchange";

/** The credential is not in the server's configuration: it is obtained for the call, and kept while it lasts. */
export const isObtained = (type: string): boolean =>
  type === "client_credentials" || sendsIdentity(type) || usesAccounts(type);
