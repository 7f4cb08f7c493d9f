/** Everything that has a place in the navigation: one line a group of pages, in the order within its section. */
import { analytics } from "./analytics/analytics.tsx";
import { catalogue } from "./catalogue/group.ts";
import { connect } from "./connect/connect.tsx";
import { overview } from "./home/overview.tsx";
import { keys } from "./keys/keys.tsx";
import { serviceAccounts } from "./keys/service-accounts.tsx";
import { alerts } from "./operations/alerts.tsx";
import { operationsPages } from "./operations/group.ts";
import { retention } from "./operations/retention.tsx";
import { peoplePages } from "./people/group.ts";
import { audit } from "./records/audit.tsx";
import { events } from "./records/events.tsx";
import { requests } from "./records/requests.tsx";
import { registry } from "./registry/entries.tsx";
import { registrySources } from "./registry/sources.tsx";
import { toolChanges } from "./servers/changes.tsx";
import { servers } from "./servers/group.ts";
import { tenants } from "./tenants/tenants.tsx";
import { activeRequests } from "./traffic/active-requests.tsx";
import { trafficPages } from "./traffic/group.ts";
import type { PageGroup } from "./ui/navigation.ts";

export const GROUPS: readonly PageGroup[] = [
  overview,
  catalogue,
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
  ...peoplePages,
  serviceAccounts,
  ...operationsPages,
  audit,
  events,
  alerts,
  retention,
  tenants,
];
