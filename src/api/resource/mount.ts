/** The routes of all kinds: each tenant's own, and under /system what holds for the whole gateway. */
import { Hono } from "hono";
import type { AppEnv } from "../../middleware/app-env.ts";
import { systemAlerting } from "../alerts/alerting.ts";
import { databaseReports } from "../analytics/database.ts";
import { billingFile } from "../analytics/files.ts";
import { oauthClients } from "../applications/oauth-clients.ts";
import { systemVerification } from "../logs/audit-verification.ts";
import { RESOURCES, SYSTEM_RESOURCES } from "../resources/resources.ts";
import { announcementsOf } from "../settings/announcements.ts";
import { configsOf } from "../settings/configs.ts";
import { flagsOf } from "../settings/flags.ts";
import { systemRetention } from "../settings/retention.ts";
import { databaseReport } from "../system/database.ts";
import { views } from "../system/views.ts";
import { shares } from "../traffic/limit-usage.ts";
import { routingRulesOf } from "../traffic/routing.ts";
import type { Resource } from "./define.ts";
import { collection } from "./routes.ts";
import { type ResourceScope, systemScope, tenantScope } from "./scope.ts";

/** Those that have more than the five routes. */
const MORE: Partial<Record<Resource["name"], (reach: ResourceScope) => Hono<AppEnv>>> = {
  "routing-rules": routingRulesOf,
  configs: configsOf,
  "feature-flags": flagsOf,
  announcements: announcementsOf,
};

const routesOf = (kind: Resource, reach: ResourceScope) =>
  MORE[kind.name]?.(reach) ?? collection(kind, reach);

export const collections = new Hono<AppEnv>();
for (const kind of RESOURCES) collections.route(`/${kind.name}`, routesOf(kind, tenantScope));

export const system = new Hono<AppEnv>()
  .route("/materialized-views", views)
  .route("/database", databaseReport)
  .route("/audit-logs/verification", systemVerification)
  .route("/oauth-clients", oauthClients)
  .route("/shares", shares)
  .route("/", databaseReports)
  .route("/usage/export", billingFile)
  .route("/alerts", systemAlerting)
  .route("/", systemRetention);
for (const kind of SYSTEM_RESOURCES) system.route(`/${kind.name}`, routesOf(kind, systemScope));
