/**
 * Everything that can be asked of the gateway, by name, with the least role and the scope that it takes. Routes name
 * their action (policy/guard.ts), the matrix test walks this table, and a route that is not in it does not start.
 */
import type { ApiKeyScope, Role } from "../vocabulary.ts";
import { MANAGED_ACTIONS } from "./managed-actions.ts";
import { REGISTRY_ACTIONS } from "./registry-actions.ts";
import { WATCHING_ACTIONS } from "./watching-actions.ts";

export interface ActionRule {
  /** The least of the roles that may: see ROLE_ORDER. */
  readonly role: Role;
  readonly scope: ApiKeyScope;
  /** Concerns the whole gateway: the admins of one tenant may not. */
  readonly operator?: true;
}

const needs = (role: Role, scope: ApiKeyScope): ActionRule => ({ role, scope });
const operator = (scope: ApiKeyScope): ActionRule => ({ role: "admin", scope, operator: true });

/** Whoever stands further right may all that those on the left may. */
const ROLE_ORDER: readonly Role[] = ["readonly", "service", "user", "admin"];

export const ACTIONS = {
  "me.read": needs("readonly", "read"),

  "keys.list": needs("service", "read"),
  "keys.read": needs("service", "read"),
  "keys.create": needs("user", "write"),
  "keys.update": needs("user", "write"),
  "keys.rotate": needs("service", "write"),
  "keys.revoke": needs("service", "write"),
  "legacy-keys.list": needs("user", "read"),
  "legacy-keys.upgrade": needs("user", "write"),
  "legacy-keys.deactivate": needs("user", "write"),
  "service-accounts.list": needs("admin", "read"),
  "service-accounts.create": needs("admin", "admin"),
  "service-accounts.update": needs("admin", "admin"),
  "service-accounts.delete": needs("admin", "admin"),

  "access.list": needs("admin", "read"),
  "access.read": needs("admin", "read"),
  "access.create": needs("admin", "admin"),
  "access.update": needs("admin", "admin"),
  "access.delete": needs("admin", "admin"),
  "access.explain": needs("admin", "read"),

  "active-requests.list": needs("admin", "read"),
  "active-requests.cancel": needs("admin", "admin"),

  "sessions.list": needs("readonly", "read"),
  "sessions.end": needs("readonly", "write"),

  "tenant.read": needs("readonly", "read"),
  "tenant.update": needs("admin", "admin"),
  "tenants.list": operator("read"),
  "tenants.read": operator("read"),
  "tenants.create": operator("admin"),
  "tenants.update": operator("admin"),
  "tenants.suspend": operator("admin"),
  "tenants.archive": operator("admin"),
  "members.list": needs("user", "read"),
  "members.update": needs("admin", "admin"),
  "members.remove": needs("admin", "admin"),
  "invitations.list": needs("admin", "read"),
  "invitations.create": needs("admin", "admin"),
  "invitations.resend": needs("admin", "admin"),
  "invitations.revoke": needs("admin", "admin"),

  ...MANAGED_ACTIONS,
  ...WATCHING_ACTIONS,
  ...REGISTRY_ACTIONS,

  // One scope for all of MCP, so that no list shows what the same credential could not use.
  "mcp.connect": needs("readonly", "proxy"),
  "mcp.list": needs("readonly", "proxy"),
  "mcp.read": needs("readonly", "proxy"),
  /** Which tools is another question: see authorize.ts on callers who may only read. */
  "mcp.call": needs("readonly", "proxy"),
} as const satisfies Record<string, ActionRule>;

export type Action = keyof typeof ACTIONS;

export const isAction = (name: string): name is Action => Object.hasOwn(ACTIONS, name);

export const hasRole = (held: Role, least: Role): boolean =>
  ROLE_ORDER.indexOf(held) >= ROLE_ORDER.indexOf(least);

const INCLUDES: Record<ApiKeyScope, readonly ApiKeyScope[]> = {
  read: ["read"],
  write: ["write", "read"],
  // All of the administration, but not the use of what is administered.
  admin: ["admin", "write", "read", "metrics", "health"],
  proxy: ["proxy"],
  metrics: ["metrics"],
  health: ["health"],
};

export const hasScope = (held: readonly ApiKeyScope[], needed: ApiKeyScope): boolean =>
  held.some((scope) => INCLUDES[scope].includes(needed));

const EVERYDAY = ["read", "write", "proxy", "metrics", "health"] as const satisfies ApiKeyScope[];

/** The most that a credential of somebody in this role may carry; a person at the screen has all of it. */
export const SCOPES_OF_ROLE: Record<Role, readonly ApiKeyScope[]> = {
  admin: ["read", "write", "admin", "proxy", "metrics", "health"],
  user: EVERYDAY,
  service: EVERYDAY,
  // The role keeps them from the tenant's things; ending one's own sessions is writing too.
  readonly: EVERYDAY,
};

const METHODS: Readonly<Record<string, Action>> = {
  "tools/call": "mcp.call",
  "tools/list": "mcp.list",
  "prompts/list": "mcp.list",
  "resources/list": "mcp.list",
  "resources/templates/list": "mcp.list",
  "prompts/get": "mcp.read",
  "resources/read": "mcp.read",
  "resources/subscribe": "mcp.read",
  "resources/unsubscribe": "mcp.read",
  "completion/complete": "mcp.read",
};

/** What an MCP method amounts to. Methods that name nothing of a server's (initialize, ping, …) are connecting. */
export function actionOfMethod(method: string): Action {
  if (Object.hasOwn(METHODS, method)) return METHODS[method] ?? "mcp.connect";
  return "mcp.connect";
}
