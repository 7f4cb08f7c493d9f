/** The navigation of the admin UI: groups, entries and tabs with their paths and permissions (docs/LANGUAGE.md, section 3.1). */
import { CATALOG } from "./catalog.ts";
import type { NavGroup } from "./locate.ts";

export const NAVIGATION: readonly NavGroup[] = [
  {
    label: "Home",
    entries: [
      {
        label: "Overview",
        icon: "overview",
        tabs: [
          { label: "Overview", path: "/admin", permission: "me.read", keywords: "home dashboard" },
          {
            ...{ label: "Announcements", path: "/admin/announcements", permission: "announcements.seen" },
            keywords: "news messages",
          },
        ],
      },
      {
        label: "Connect",
        icon: "connect",
        tabs: [
          {
            ...{ label: "Clients", path: "/admin/connect", permission: "me.read" },
            keywords: "connect client configuration claude cursor vscode codex gemini endpoint",
          },
        ],
      },
      {
        label: "API keys",
        icon: "keys",
        tabs: [{ label: "API keys", path: "/admin/keys", permission: "keys.list", keywords: "token rotate" }],
      },
    ],
  },
  CATALOG,
  {
    label: "Access",
    entries: [
      {
        label: "Members",
        icon: "members",
        tabs: [
          {
            ...{ label: "Members", path: "/admin/members", permission: "users.list" },
            keywords: "people users accounts roles sessions bans impersonate",
          },
          {
            ...{ label: "Invitations", path: "/admin/members/invitations", permission: "invitations.list" },
            keywords: "invite join",
          },
          {
            ...{ label: "Service accounts", path: "/admin/members/service-accounts" },
            ...{ permission: "service-accounts.list", keywords: "robot machine ci keys" },
          },
          {
            ...{ label: "Groups", path: "/admin/members/groups", permission: "groups.list" },
            keywords: "teams owners membership expiry",
          },
          {
            ...{ label: "Provisioning", path: "/admin/members/provisioning" },
            ...{
              permission: "identity-providers.list",
              keywords: "sso single sign-on oidc okta entra identity",
            },
          },
          {
            ...{ label: "Domains", path: "/admin/members/provisioning/domains" },
            ...{ permission: "verified-domains.list", keywords: "sso verified email dns txt enforce" },
          },
          {
            ...{ label: "SCIM", path: "/admin/members/provisioning/scim", permission: "scim-tokens.list" },
            keywords: "provisioning tokens users groups deprovision okta entra",
          },
        ],
      },
      {
        label: "Access rules",
        icon: "access",
        tabs: [
          {
            ...{ label: "Rules", path: "/admin/access", permission: "access.list" },
            keywords: "access controls permissions allow deny rbac acl",
          },
          {
            ...{ label: "Access check", path: "/admin/access/check", permission: "access.explain" },
            keywords: "explain who may do what why denied",
          },
        ],
      },
      {
        label: "Applications",
        icon: "applications",
        tabs: [
          {
            ...{ label: "Connected applications", path: "/admin/applications" },
            ...{ permission: "oauth-grants.list", keywords: "oauth clients consents grants" },
          },
          { label: "OAuth clients", path: "/admin/applications/clients", permission: "system.read" },
        ],
      },
    ],
  },
  {
    label: "Traffic",
    entries: [
      {
        label: "Analytics",
        icon: "analytics",
        tabs: [
          {
            ...{ label: "Analytics", path: "/admin/analytics", permission: "analytics.read" },
            keywords: "usage latency percentiles statistics charts heat map export billing",
          },
        ],
      },
      {
        label: "Logs",
        icon: "logs",
        tabs: [
          {
            ...{ label: "Requests", path: "/admin/logs", permission: "request-logs.list" },
            keywords: "log traffic calls",
          },
          { label: "Live tail", path: "/admin/logs/live", permission: "request-logs.list" },
          {
            ...{ label: "Active requests", path: "/admin/logs/active", permission: "active-requests.list" },
            keywords: "running cancel kill",
          },
          {
            ...{ label: "Audit log", path: "/admin/logs/audit", permission: "audit-logs.list" },
            keywords: "who did what changes history verify chain",
          },
          {
            ...{ label: "Errors", path: "/admin/logs/errors", permission: "error-logs.list" },
            keywords: "failures exceptions",
          },
          {
            ...{ label: "Security events", path: "/admin/logs/security-events" },
            ...{ permission: "security-events.list", keywords: "attack wrong keys rug pull" },
          },
          {
            ...{ label: "System events", path: "/admin/logs/system-events" },
            ...{ permission: "system-events.list", keywords: "health changes" },
          },
        ],
      },
      {
        label: "Alerts",
        icon: "alerts",
        tabs: [
          {
            ...{ label: "Alerts", path: "/admin/alerts", permission: "alert-events.list" },
            keywords: "firing incidents acknowledge silence",
          },
          {
            ...{ label: "Rules", path: "/admin/alerts/rules", permission: "alerts.list" },
            keywords: "alert rules alarm notify webhook monitoring threshold",
          },
        ],
      },
      {
        label: "Rate limits",
        icon: "limits",
        tabs: [
          {
            ...{ label: "Limits", path: "/admin/rate-limits", permission: "rate-limits.list" },
            keywords: "rate limits quota throttle buckets burst",
          },
          {
            ...{ label: "Usage", path: "/admin/rate-limits/usage", permission: "traffic.read" },
            keywords: "limits now live buckets fairness share forecast",
          },
          {
            ...{ label: "Budgets", path: "/admin/rate-limits/budgets", permission: "budgets.list" },
            keywords: "cost spend quota month day money price",
          },
          {
            ...{ label: "Bans", path: "/admin/rate-limits/bans", permission: "traffic.read" },
            keywords: "banned addresses lift unban",
          },
          {
            ...{ label: "IP rules", path: "/admin/rate-limits/ip-rules", permission: "ip-rules.list" },
            keywords: "block allow address network firewall",
          },
        ],
      },
      {
        label: "Routing",
        icon: "routing",
        tabs: [
          {
            ...{ label: "Rules", path: "/admin/routing", permission: "routing-rules.list" },
            keywords: "routing rules balancing strategy canary percentage",
          },
          {
            ...{ label: "Simulator", path: "/admin/routing/simulator", permission: "routing-rules.read" },
            keywords: "routing try a request test",
          },
        ],
      },
    ],
  },
  {
    label: "Settings",
    entries: [
      {
        label: "Organization",
        icon: "organization",
        tabs: [
          {
            ...{ label: "General", path: "/admin/settings", permission: "tenant.update" },
            keywords: "settings organization name time zone default access tool changes",
          },
          {
            ...{ label: "Traffic", path: "/admin/settings/traffic", permission: "configs.list" },
            keywords: "settings circuit breaker bans timeouts retries queues health checks thresholds",
          },
          {
            ...{ label: "Logging", path: "/admin/settings/logging", permission: "configs.list" },
            keywords: "configuration payload redact",
          },
          {
            ...{ label: "Telemetry", path: "/admin/settings/telemetry", permission: "configs.list" },
            keywords: "configuration opentelemetry otlp traces",
          },
          {
            ...{ label: "Feature flags", path: "/admin/settings/flags", permission: "feature-flags.list" },
            keywords: "toggle rollout experiment a/b targeting percentage",
          },
          {
            ...{ label: "Announcements", path: "/admin/settings/announcements" },
            ...{ permission: "announcements.list", keywords: "write news banner message broadcast" },
          },
          {
            ...{ label: "Retention", path: "/admin/settings/retention" },
            ...{ permission: "retention-policies.list", keywords: "delete old logs legal hold gdpr keep" },
          },
          {
            ...{ label: "Custom values", path: "/admin/settings/values", permission: "configs.list" },
            keywords: "all values configuration secrets",
          },
        ],
      },
      {
        label: "System",
        icon: "system",
        tabs: [
          {
            ...{ label: "Organizations", path: "/admin/system", permission: "tenants.list" },
            keywords: "tenants weight plan suspend",
          },
          {
            ...{ label: "Default settings", path: "/admin/system/settings", permission: "system.read" },
            keywords: "system configuration settings of all organizations",
          },
          {
            ...{ label: "Database", path: "/admin/system/database", permission: "system.read" },
            keywords: "postgres neon connections slow queries pool",
          },
          {
            ...{ label: "Insights", path: "/admin/system/insights", permission: "system.read" },
            keywords:
              "slow servers most used tools key usage expiring keys active sessions requests of an address",
          },
          {
            ...{ label: "Storage", path: "/admin/system/storage", permission: "system.read" },
            keywords: "materialized views refresh table sizes index usage rollups",
          },
        ],
      },
    ],
  },
];
