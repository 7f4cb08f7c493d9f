/** The kinds of things that admins manage in the same five ways. */
import type { Resource } from "../resource/define.ts";
import { alerts } from "./alerts.ts";
import { announcements } from "./announcements.ts";
import { budgets } from "./budgets.ts";
import { configs } from "./configs.ts";
import { featureFlags } from "./feature-flags.ts";
import { groupMembers } from "./group-members.ts";
import { groups } from "./groups.ts";
import { identityProviders } from "./identity-providers.ts";
import { ipRules } from "./ip-rules.ts";
import { maintenanceWindows } from "./maintenance-windows.ts";
import { rateLimits } from "./rate-limits.ts";
import { registrySources } from "./registry-sources.ts";
import { requestQueues } from "./request-queues.ts";
import { retentionPolicies } from "./retention-policies.ts";
import { routingRules } from "./routing-rules.ts";
import { toolsetBindings } from "./toolset-bindings.ts";
import { toolsets } from "./toolsets.ts";
import { verifiedDomains } from "./verified-domains.ts";

export const RESOURCES: readonly Resource[] = [
  routingRules,
  rateLimits,
  budgets,
  ipRules,
  requestQueues,
  configs,
  featureFlags,
  maintenanceWindows,
  announcements,
  alerts,
  retentionPolicies,
  registrySources,
  toolsets,
  groups,
  groupMembers,
  toolsetBindings,
  identityProviders,
  verifiedDomains,
];

/** Those that may hold for the whole system. */
export const SYSTEM_RESOURCES = RESOURCES.filter(({ table }) => !table.tenantId.notNull);
