/**
 * Every operation of the gateway, by name, with the least role and the scope that it takes. Routes name
 * their action (middleware/require-permission.ts), the matrix test walks this table, and a route that is not in it does not start.
 */

import type { ApiKeyScope, Role } from "../enums.ts";
import { CRUD_PERMISSIONS } from "./crud-permissions.ts";
import { MONITORING_PERMISSIONS } from "./monitoring-permissions.ts";
import type { PermissionRule } from "./permission-rule.ts";
import { REGISTRY_PERMISSIONS } from "./registry-permissions.ts";

const requires = (role: Role, scope: ApiKeyScope): PermissionRule => ({ role, scope });
const operator = (scope: ApiKeyScope): PermissionRule => ({ role: "admin", scope, operator: true });

/** The roles in ascending order: a role has all permissions of the roles before it. */
const ROLE_ORDER: readonly Role[] = ["readonly", "service", "user", "admin"];

export const PERMISSIONS = {
  "me.read": requires("readonly", "read"),
  "me.update": requires("readonly", "write"),

  "keys.list": requires("service", "read"),
  "keys.read": requires("service", "read"),
  "keys.create": requires("user", "write"),
  "keys.update": requires("user", "write"),
  "keys.rotate": requires("service", "write"),
  "keys.revoke": requires("service", "write"),
  "legacy-keys.list": requires("user", "read"),
  "legacy-keys.upgrade": requires("user", "write"),
  "legacy-keys.deactivate": requires("user", "write"),
  "service-accounts.list": requires("admin", "read"),
  "service-accounts.create": requires("admin", "admin"),
  "service-accounts.update": requires("admin", "admin"),
  "service-accounts.delete": requires("admin", "admin"),

  "scim-tokens.list": requires("admin", "read"),
  "scim-tokens.create": requires("admin", "admin"),
  "scim-tokens.delete": requires("admin", "admin"),

  "connected-accounts.list": requires("readonly", "read"),
  "connected-accounts.connect": requires("readonly", "write"),
  "connected-accounts.disconnect": requires("readonly", "write"),

  "access.list": requires("admin", "read"),
  "access.read": requires("admin", "read"),
  "access.create": requires("admin", "admin"),
  "access.update": requires("admin", "admin"),
  "access.delete": requires("admin", "admin"),
  "access.explain": requires("admin", "read"),

  "connectors.list": requires("admin", "read"),
  "connectors.read": requires("admin", "read"),
  /** To which server is decided by the key: see connector/authorize-connector.ts. */
  "connectors.connect": requires("service", "connect"),

  "active-requests.list": requires("admin", "read"),
  "active-requests.cancel": requires("admin", "admin"),

  "sessions.list": requires("readonly", "read"),
  "sessions.end": requires("readonly", "write"),

  "tenant.read": requires("readonly", "read"),
  "tenant.update": requires("admin", "admin"),
  "tenants.list": operator("read"),
  "tenants.read": operator("read"),
  "tenants.create": operator("admin"),
  "tenants.update": operator("admin"),
  "tenants.suspend": operator("admin"),
  "tenants.archive": operator("admin"),
  "members.list": requires("user", "read"),
  "members.update": requires("admin", "admin"),
  "members.remove": requires("admin", "admin"),
  "invitations.list": requires("admin", "read"),
  "invitations.create": requires("admin", "admin"),
  "invitations.resend": requires("admin", "admin"),
  "invitations.revoke": requires("admin", "admin"),

  ...CRUD_PERMISSIONS,
  ...MONITORING_PERMISSIONS,
  ...REGISTRY_PERMISSIONS,

  // One scope for all of MCP, so that no list shows what the same credential could not use.
  "mcp.connect": requires("readonly", "proxy"),
  "mcp.list": requires("readonly", "proxy"),
  "mcp.read": requires("readonly", "proxy"),
  /** Which tools is another question: see authorize.ts on callers who may only read. */
  "mcp.call": requires("readonly", "proxy"),
} as const satisfies Record<string, PermissionRule>;

export type Permission = keyof typeof PERMISSIONS;

export const isPermission = (name: string): name is Permission => Object.hasOwn(PERMISSIONS, name);

export const hasRole = (actual: Role, minimum: Role): boolean =>
  ROLE_ORDER.indexOf(actual) >= ROLE_ORDER.indexOf(minimum);

const INCLUDES: Record<ApiKeyScope, readonly ApiKeyScope[]> = {
  read: ["read"],
  write: ["write", "read"],
  // All of the administration, but not the use of what is administered.
  admin: ["admin", "write", "read", "metrics", "health"],
  proxy: ["proxy"],
  metrics: ["metrics"],
  health: ["health"],
  connect: ["connect"],
};

export const hasScope = (held: readonly ApiKeyScope[], needed: ApiKeyScope): boolean =>
  held.some((scope) => INCLUDES[scope].includes(needed));

const DEFAULT_SCOPES = ["read", "write", "proxy", "metrics", "health"] as const satisfies ApiKeyScope[];

/** The maximum scopes of a credential of each role. A sign-in session has all of them. */
export const ROLE_SCOPES: Record<Role, readonly ApiKeyScope[]> = {
  admin: ["read", "write", "admin", "proxy", "metrics", "health", "connect"],
  // A connector responds as a server, so that only admins create its keys: see key-bounds.ts.
  user: [...DEFAULT_SCOPES, "connect"],
  service: [...DEFAULT_SCOPES, "connect"],
  // The role keeps them from the tenant's things; ending one's own sessions is writing too.
  readonly: DEFAULT_SCOPES,
};
