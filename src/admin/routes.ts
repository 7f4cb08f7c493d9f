/**
 * The pages of all tabs, in the order in which their routes are matched: within an entry, tabs come before the records
 * of the first tab, whose paths (`/admin/servers/:id`) would match those of tabs as well.
 */
import { accessRules } from "./access/controls.tsx";
import { analytics } from "./analytics/analytics.tsx";
import { connect } from "./connect/connect.tsx";
import { overview } from "./home/overview.tsx";
import { keys } from "./keys/keys.tsx";
import { serviceAccounts } from "./keys/service-accounts.tsx";
import { audit } from "./logs/audit.tsx";
import { events } from "./logs/events.tsx";
import { myRequests } from "./logs/my-requests.tsx";
import { requests } from "./logs/requests.tsx";
import { applications, oauthClients } from "./members/applications.tsx";
import { groups } from "./members/groups.tsx";
import { identityProviders } from "./members/identity-providers.tsx";
import { invitations } from "./members/invitations.tsx";
import { members } from "./members/members.tsx";
import { scimTokens } from "./members/scim-tokens.tsx";
import { verifiedDomains } from "./members/verified-domains.tsx";
import { alertEventPages } from "./operations/alert-events.tsx";
import { alertRules } from "./operations/alerts.tsx";
import { announcements } from "./operations/announcements.tsx";
import { databasePages } from "./operations/database.tsx";
import { featureFlags } from "./operations/flags.tsx";
import { insightPages } from "./operations/insights.tsx";
import { maintenance } from "./operations/maintenance.tsx";
import { retention } from "./operations/retention.tsx";
import { storage } from "./operations/storage.tsx";
import { registry } from "./registry/entries.tsx";
import { registrySources } from "./registry/sources.tsx";
import { toolChanges } from "./servers/changes.tsx";
import { connectors } from "./servers/connectors.tsx";
import { servers } from "./servers/routes.ts";
import { general } from "./settings/general.tsx";
import { settings } from "./settings/settings.tsx";
import { configValues } from "./settings/values.tsx";
import { tenants } from "./tenants/tenants.tsx";
import { prompts, resources } from "./tools/inventory-lists.tsx";
import { tool } from "./tools/tool.tsx";
import { toolList } from "./tools/tool-list.ts";
import { toolsets } from "./tools/toolsets.tsx";
import { activeRequests } from "./traffic/active-requests.tsx";
import { breakers } from "./traffic/breakers.tsx";
import { ipRules } from "./traffic/ip-rules.tsx";
import { queues } from "./traffic/queues.tsx";
import { rateLimits } from "./traffic/rate-limits.tsx";
import { routingRules } from "./traffic/routing-rules.tsx";

export const PAGE_ROUTES = [
  ...[overview, announcements, connect, keys],
  ...[prompts, resources, toolsets, toolList, tool],
  ...[toolChanges, breakers, queues, connectors, maintenance, servers],
  ...[registrySources, registry],
  ...[invitations, serviceAccounts, groups, verifiedDomains, scimTokens, identityProviders, members],
  ...[accessRules, oauthClients, applications],
  analytics,
  ...[activeRequests, audit, events, myRequests, requests],
  ...[alertRules, alertEventPages],
  ...[ipRules, rateLimits],
  routingRules,
  ...[featureFlags, retention, configValues, general, settings],
  ...[databasePages, insightPages, storage, tenants],
];
