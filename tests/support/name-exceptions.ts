/** Names that the renaming has not reached. These lists may only shrink. */

export const ALLOWED_NAMES: ReadonlySet<string> = new Set([
  "src/db/queries/access/api-key-lookup.ts listAccessRulesFor",
  "src/core/limits/lease/protocol.ts LeaseRefusal",
  "src/api/registry-v0.ts RegistryScene",
  "src/api/traffic/routing.ts routingRulesOf",
  "src/api/settings/announcements.ts announcementsOf",
  "src/api/settings/configs.ts configsOf",
  "src/api/settings/flags.ts flagsOf",
  "src/api/registry/v0-schemas.ts cursorOf",
  "src/api/openapi/operations.ts operationsOf",
  "src/api/logs/timeline.ts TimelineOf",
  "src/api/configuration/servers.ts addressFaultOf",
  "src/api/analytics/schemas.ts told",
  "src/api/analytics/schemas.ts Asked",
  "src/api/analytics/schemas.ts spanOf",
  "src/admin/traffic/limits-now.tsx OutlookView",
  "src/admin/charts/scale.ts timeFormFor",
]);

export const ALLOWED_FILE_NAMES: ReadonlySet<string> = new Set([
  "src/index.ts",
  "src/db/schema/index.ts",
  "src/api/people/bans.ts",
  "src/api/people/invitations.ts",
  "src/api/people/me.ts",
  "src/api/people/members.ts",
  "src/api/people/sessions.ts",
  "src/api/people/users.ts",
  "src/admin/traffic/group.ts",
  "src/admin/tools/group.ts",
  "src/admin/servers/group.ts",
  "src/admin/servers/options.ts",
  "src/admin/operations/group.ts",
  "src/admin/members/group.ts",
  "src/admin/members/people.tsx",
]);
