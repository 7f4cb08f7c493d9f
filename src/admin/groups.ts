/** Everything that has a place in the navigation: one line a group of pages, in the order within its section. */
import { analytics } from "./analytics/analytics.tsx";
import { connect } from "./connect/connect.tsx";
import { overview } from "./home/overview.tsx";
import { keys } from "./keys/keys.tsx";
import { serviceAccounts } from "./keys/service-accounts.tsx";
import { audit } from "./logs/audit.tsx";
import { events } from "./logs/events.tsx";
import { requests } from "./logs/requests.tsx";
import { memberPageGroup } from "./members/group.ts";
import { alerts } from "./operations/alerts.tsx";
import { operationsPageGroup } from "./operations/group.ts";
import { retention } from "./operations/retention.tsx";
import { registry } from "./registry/entries.tsx";
import { registrySources } from "./registry/sources.tsx";
import { toolChanges } from "./servers/changes.tsx";
import { servers } from "./servers/group.ts";
import { tenants } from "./tenants/tenants.tsx";
import { toolPages } from "./tools/group.ts";
import { activeRequests } from "./traffic/active-requests.tsx";
import { trafficPages } from "./traffic/group.ts";
import type { PageGroup } from "./ui/navigation.ts";

export const PAGE_GROUPS: readonly PageGroup[] = [
  overview,
  toolPages,
  connect,
  keys,
  servers,
  toolChanges,
  registry,
  registrySources,
  analytics,
  activeRequests,
  ...trafficPages,
  requests,
  ...memberPageGroup,
  serviceAccounts,
  ...operationsPageGroup,
  audit,
  events,
  alerts,
  retention,
  tenants,
];
