/**
 * The paths of the previous navigation, redirected (308) for one minor release. A path below an old one keeps its rest:
 * `/admin/people/7` leads to `/admin/members/7`.
 */
import { Hono } from "hono";

const REDIRECTS: Readonly<Record<string, string>> = {
  news: "announcements",
  catalogue: "tools",
  "catalogue/tools": "tools",
  "tool-changes": "servers/tool-changes",
  "circuit-breakers": "servers/circuit-breakers",
  maintenance: "servers/maintenance",
  "maintenance-windows": "servers/maintenance/windows",
  "registry-sources": "registry/sources",
  people: "members",
  users: "members",
  invitations: "members/invitations",
  "service-accounts": "members/service-accounts",
  "access-controls": "access",
  "access-controls/explain": "access/check",
  "oauth-clients": "applications/clients",
  requests: "logs",
  "requests/tail": "logs/live",
  "active-requests": "logs/active",
  audit: "logs/audit",
  errors: "logs/errors",
  "security-events": "logs/security-events",
  "system-events": "logs/system-events",
  "alert-events": "alerts",
  "alerts/new": "alerts/rules/new",
  "alerts/signing": "alerts/rules/signing",
  "rate-limits/now": "rate-limits/usage",
  "ip-rules": "rate-limits/ip-rules",
  "routing-rules": "routing",
  "routing-rules/order": "routing/order",
  "routing-rules/test": "routing/simulator",
  "feature-flags": "settings/flags",
  "retention-policies": "settings/retention",
  configs: "settings/values",
  tenants: "system",
  "system-settings": "system/settings",
  database: "system/database",
};

/** The longest old path that equals the path or is a prefix of it. */
function findRedirect(path: string): string | undefined {
  const [, setting, group] = /^\/admin\/settings\/((logging|telemetry)\.[A-Za-z.]+)$/.exec(path) ?? [];
  if (setting !== undefined) return `/admin/settings/${group}/${setting}`;
  const names = path.replace(/^\/admin\//, "").split("/");
  for (let count = names.length; count > 0; count -= 1) {
    const old = names.slice(0, count).join("/");
    const target = Object.hasOwn(REDIRECTS, old) ? REDIRECTS[old] : undefined;
    if (target !== undefined) return ["/admin", target, ...names.slice(count)].join("/");
  }
  return undefined;
}

export const redirects = new Hono().get("/admin/*", async (c, next) => {
  const target = findRedirect(c.req.path);
  if (target !== undefined) return c.redirect(`${target}${new URL(c.req.url).search}`, 308);
  await next();
  return;
});
