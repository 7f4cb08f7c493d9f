/** The routes of all kinds: each tenant's own, and under /system what holds for the whole gateway. */
import { Hono } from "hono";
import type { AppEnv } from "../middleware/app-env.ts";
import { systemAlerting } from "./alerting.ts";
import { databaseReports } from "./analytics/database.ts";
import { billingFile } from "./analytics/files.ts";
import { announcementsOf } from "./announcements.ts";
import { collection } from "./collection/collection.ts";
import type { Kind } from "./collection/kind.ts";
import { ofSystem, ofTenant, type Reach } from "./collection/reach.ts";
import { configsOf } from "./configs.ts";
import { databaseReport } from "./database.ts";
import { flagsOf } from "./flags.ts";
import { KINDS, SYSTEM_KINDS } from "./kinds/index.ts";
import { shares } from "./limits-now.ts";
import { views } from "./materialized-views.ts";
import { oauthClients } from "./oauth-clients.ts";
import { systemRetention } from "./retention.ts";
import { routingRulesOf } from "./routing.ts";
import { systemVerification } from "./verification.ts";

/** Those that have more than the five routes. */
const MORE: Partial<Record<Kind["name"], (reach: Reach) => Hono<AppEnv>>> = {
  "routing-rules": routingRulesOf,
  configs: configsOf,
  "feature-flags": flagsOf,
  announcements: announcementsOf,
};

const routesOf = (kind: Kind, reach: Reach) => MORE[kind.name]?.(reach) ?? collection(kind, reach);

export const collections = new Hono<AppEnv>();
for (const kind of KINDS) collections.route(`/${kind.name}`, routesOf(kind, ofTenant));

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
for (const kind of SYSTEM_KINDS) system.route(`/${kind.name}`, routesOf(kind, ofSystem));
