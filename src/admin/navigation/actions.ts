/** What a member can start from the command palette, with the permission that it takes. */
import type { Permission } from "../../core/access/permissions.ts";

interface PaletteAction {
  readonly label: string;
  readonly path: string;
  readonly permission: Permission;
  readonly keywords?: string;
}

export const ACTIONS: readonly PaletteAction[] = [
  {
    ...{ label: "Create API key", path: "/admin/keys/new", permission: "keys.create" },
    keywords: "new token secret",
  },
  { label: "Connect a client", path: "/admin/connect", permission: "servers.list" },
  {
    ...{ label: "Register server", path: "/admin/servers/new", permission: "servers.create" },
    keywords: "new add mcp",
  },
  {
    ...{ label: "Import server.json", path: "/admin/registry/import", permission: "registry-entries.import" },
    keywords: "registry",
  },
  {
    ...{ label: "Invite members", path: "/admin/members/invitations/new" },
    ...{ permission: "invitations.create", keywords: "new add user" },
  },
  {
    ...{ label: "Create service account", path: "/admin/members/service-accounts/new" },
    permission: "service-accounts.create",
  },
  {
    ...{ label: "Create group", path: "/admin/members/groups/new", permission: "groups.create" },
    keywords: "new team",
  },
  {
    ...{ label: "Create access rule", path: "/admin/access/new", permission: "access.create" },
    keywords: "new allow deny permission",
  },
  { label: "Create alert rule", path: "/admin/alerts/rules/new", permission: "alerts.create" },
  { label: "Create rate limit", path: "/admin/rate-limits/new", permission: "rate-limits.create" },
  {
    ...{ label: "Create IP rule", path: "/admin/rate-limits/ip-rules/new", permission: "ip-rules.create" },
    keywords: "new block allow address",
  },
  {
    ...{ label: "Bind to a toolset", path: "/admin/tools/toolsets/bindings/new" },
    ...{ permission: "toolset-bindings.create", keywords: "restrict key group role client least privilege" },
  },
  { label: "Create toolset", path: "/admin/tools/toolsets/new", permission: "toolsets.create" },
  { label: "Create routing rule", path: "/admin/routing/new", permission: "routing-rules.create" },
  {
    ...{ label: "Create maintenance window", path: "/admin/servers/maintenance/windows/new" },
    permission: "maintenance-windows.create",
  },
  {
    ...{ label: "Create announcement", path: "/admin/settings/announcements/new" },
    permission: "announcements.create",
  },
  {
    ...{ label: "Create feature flag", path: "/admin/settings/flags/new" },
    permission: "feature-flags.create",
  },
  { label: "Create organization", path: "/admin/system/new", permission: "tenants.create" },
  { label: "Verify the audit log", path: "/admin/logs/audit/verification", permission: "audit-logs.verify" },
  { label: "Change password", path: "/account/password", permission: "me.read" },
  {
    ...{ label: "Connect an account at a server", path: "/account/connections" },
    ...{ permission: "connected-accounts.list", keywords: "connected accounts token oauth personal" },
  },
  {
    ...{ label: "Set up two-factor authentication", path: "/account/second-factor", permission: "me.read" },
    keywords: "2fa totp",
  },
  {
    ...{ label: "My requests", path: "/admin/my-requests", permission: "me.read" },
    keywords: "history calls playground",
  },
  { label: "Add a passkey", path: "/account/passkeys", permission: "me.read", keywords: "webauthn" },
  { label: "End sessions", path: "/account/sessions", permission: "me.read", keywords: "sign out devices" },
];
