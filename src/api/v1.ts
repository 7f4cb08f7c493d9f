/** The REST interface, /api/v1: one file a kind of thing, each route guarded by its action. */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import type { AppEnv } from "../middleware/app-env.ts";
import { access } from "./access/access-check.ts";
import { accessControls } from "./access/access-rules.ts";
import { accessRulePreview } from "./access/rule-preview.ts";
import { alertEvents } from "./alerts/alert-events.ts";
import { alertDeliveryList, alerting, alertStateList } from "./alerts/alerting.ts";
import { alertPreview } from "./alerts/preview.ts";
import { analytics } from "./analytics/analytics.ts";
import { requestsFile, sumsFile } from "./analytics/files.ts";
import { summary } from "./analytics/summary.ts";
import { oauthGrants } from "./applications/oauth-grants.ts";
import { configuration } from "./configuration/routes.ts";
import { accountAuthorization } from "./connected-accounts/authorization.ts";
import { connectedAccounts } from "./connected-accounts/connected-accounts.ts";
import { connectors } from "./connectors/connectors.ts";
import { rejectUnknownParameters } from "./http/validate.ts";
import { keys } from "./keys/keys.ts";
import { legacyKeys } from "./keys/legacy-keys.ts";
import { serviceAccounts } from "./keys/service-accounts.ts";
import { verification } from "./logs/audit-verification.ts";
import {
  auditLog,
  connectionPoolLog,
  errorLog,
  mcpAuditLog,
  myRequests,
  requestLog,
  securityEventLog,
  systemEventLog,
} from "./logs/records.ts";
import { description } from "./openapi/routes.ts";
import { registryEntries, synchronisation } from "./registry/entries.ts";
import { registryPaths } from "./registry/paths.ts";
import { systemResources, tenantResources } from "./resource-routes.ts";
import { scimTokens } from "./scim/tokens.ts";
import { breakerOfServer, circuitBreakers } from "./servers/breakers.ts";
import { discovery } from "./servers/discover.ts";
import { history } from "./servers/history.ts";
import { prompts, resources, tools } from "./servers/inventory.ts";
import { maintenanceCalendar } from "./servers/maintenance-calendar.ts";
import { namePreview } from "./servers/name-preview.ts";
import { probe } from "./servers/probe.ts";
import { providers } from "./servers/providers.ts";
import { observedQueues } from "./servers/queues.ts";
import { servers } from "./servers/servers.ts";
import { toolChanges } from "./servers/tool-changes.ts";
import { toolDisabling, toolEnabling } from "./servers/tool-switch.ts";
import { effective, settings } from "./settings/configs.ts";
import { myFlags } from "./settings/flags.ts";
import { myAnnouncements } from "./settings/my-announcements.ts";
import { retention } from "./settings/retention.ts";
import { tenant } from "./tenants/tenant.ts";
import { tenants } from "./tenants/tenants.ts";
import { activeRequests } from "./traffic/active-requests.ts";
import { traffic } from "./traffic/bans.ts";
import { budgetUsage } from "./traffic/budget-usage.ts";
import { limitPreview } from "./traffic/limit-preview.ts";
import { limitsNow } from "./traffic/limit-usage.ts";
import { userStanding } from "./users/bans.ts";
import { userCredentials } from "./users/credentials.ts";
import { invitations } from "./users/invitations.ts";
import { me } from "./users/me.ts";
import { members } from "./users/members.ts";
import { profile } from "./users/profile.ts";
import { sessions } from "./users/sessions.ts";
import { users } from "./users/users.ts";

const things = new Hono<AppEnv>()
  .route("/active-requests", activeRequests)
  .route("/traffic", traffic)
  .route("/traffic", limitsNow)
  .route("/me", me)
  .route("/me", profile)
  .route("/me/announcements", myAnnouncements)
  .route("/me/flags", myFlags)
  .route("/me/requests", myRequests)
  .route("/connected-accounts", accountAuthorization)
  .route("/connected-accounts", connectedAccounts)
  .route("/servers/probe", probe)
  .route("/servers/name-preview", namePreview)
  .route("/servers", servers)
  .route("/servers", history)
  .route("/servers", discovery)
  .route("/servers", breakerOfServer)
  .route("/connectors", connectors)
  .route("/tools", tools)
  .route("/tools", providers)
  .route("/resources", resources)
  .route("/prompts", prompts)
  .route("/keys", keys)
  .route("/legacy-keys", legacyKeys)
  .route("/service-accounts", serviceAccounts)
  .route("/scim-tokens", scimTokens)
  .route("/access-controls", accessRulePreview)
  .route("/access-controls", accessControls)
  .route("/access", access)
  .route("/sessions", sessions)
  .route("/tenant", tenant)
  .route("/tool-changes", toolChanges)
  .route("/tool-changes", toolEnabling)
  .route("/tools", toolDisabling)
  .route("/registry-entries", registryEntries)
  .route("/registry-paths", registryPaths)
  .route("/registry-sources", synchronisation)
  .route("/tenants", tenants)
  .route("/members", members)
  .route("/users", users)
  .route("/users", userStanding)
  .route("/users", userCredentials)
  .route("/oauth-grants", oauthGrants)
  .route("/alerts", alerting)
  .route("/alerts", alertPreview)
  .route("/retention-policies", retention)
  .route("/request-queues", observedQueues)
  .route("/budgets", budgetUsage)
  .route("/rate-limits", limitPreview)
  .route("/", tenantResources)
  .route("/effective-configs", effective)
  .route("/settings", settings)
  .route("/maintenance-calendar", maintenanceCalendar)
  .route("/alert-events", alertEvents)
  .route("/alert-states", alertStateList)
  .route("/alert-deliveries", alertDeliveryList)
  .route("/circuit-breakers", circuitBreakers)
  .route("/analytics", analytics)
  .route("/analytics/summary", summary)
  .route("/analytics/export", sumsFile)
  .route("/audit-logs", auditLog)
  .route("/audit-logs/verification", verification)
  .route("/mcp-audit-logs", mcpAuditLog)
  .route("/request-logs", requestLog)
  .route("/request-logs/export", requestsFile)
  .route("/error-logs", errorLog)
  .route("/security-events", securityEventLog)
  .route("/system-events", systemEventLog)
  .route("/connection-pools", connectionPoolLog)
  .route("/system", systemResources)
  .route("/invitations", invitations);

/** Answers are one caller's and one moment's, and some hold a secret; what may be cached sets its own header. */
const unkept = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
});

interface Checked {
  Variables: { checkRequest: () => void };
}

const checked = createMiddleware<AppEnv & Checked>(async (c, next) => {
  const handlers = matchedRoutes(c).map(({ handler }) => handler);
  c.set("checkRequest", () => rejectUnknownParameters(c.req.url, handlers));
  await next();
});

const everything = new Hono<AppEnv>().route("/configuration", configuration).route("/", things);

export const v1 = new Hono<AppEnv>()
  .use(unkept, checked)
  .route("/", everything)
  .route(
    "/",
    description(() => everything.routes),
  );
