/** The routes of all kinds: each tenant's own, and under /system what holds for the whole gateway. */
import { Hono } from "hono";
import type { AppEnv } from "../middleware/app-env.ts";
import { systemAlerting } from "./alerts/alerting.ts";
import { databaseReports } from "./analytics/database.ts";
import { billingFile } from "./analytics/files.ts";
import { oauthClients } from "./applications/oauth-clients.ts";
import { systemVerification } from "./logs/audit-verification.ts";
import type { Resource } from "./resource/define.ts";
import { collection } from "./resource/routes.ts";
import { type ResourceScope, systemScope, tenantScope } from "./resource/scope.ts";
import { RESOURCES, SYSTEM_RESOURCES } from "./resources/resources.ts";
import { createAnnouncementRoutes } from "./settings/announcements.ts";
import { createConfigRoutes } from "./settings/configs.ts";
import { createFlagRoutes } from "./settings/flags.ts";
import { systemRetention } from "./settings/retention.ts";
import { createVerifiedDomainRoutes } from "./sso/verified-domains.ts";
import { databaseReport } from "./system/database.ts";
import { insights } from "./system/insights.ts";
import { views } from "./system/views.ts";
import { createToolsetRoutes } from "./toolsets/toolsets.ts";
import { shares } from "./traffic/limit-usage.ts";
import { createRoutingRuleRoutes } from "./traffic/routing.ts";

/** Those that have more than the five routes. */
const EXTENDED_ROUTES: Partial<Record<Resource["name"], (reach: ResourceScope) => Hono<AppEnv>>> = {
  "routing-rules": createRoutingRuleRoutes,
  toolsets: createToolsetRoutes,
  "verified-domains": createVerifiedDomainRoutes,
  configs: createConfigRoutes,
  "feature-flags": createFlagRoutes,
  announcements: createAnnouncementRoutes,
};

const createRoutes = (kind: Resource, reach: ResourceScope) =>
  EXTENDED_ROUTES[kind.name]?.(reach) ?? collection(kind, reach);

export const tenantResources = new Hono<AppEnv>();
for (const kind of RESOURCES) tenantResources.route(`/${kind.name}`, createRoutes(kind, tenantScope));

export const systemResources = new Hono<AppEnv>()
  .route("/materialized-views", views)
  .route("/database", databaseReport)
  .route("/insights", insights)
  .route("/audit-logs/verification", systemVerification)
  .route("/oauth-clients", oauthClients)
  .route("/shares", shares)
  .route("/", databaseReports)
  .route("/usage/export", billingFile)
  .route("/alerts", systemAlerting)
  .route("/", systemRetention);
for (const kind of SYSTEM_RESOURCES) systemResources.route(`/${kind.name}`, createRoutes(kind, systemScope));
