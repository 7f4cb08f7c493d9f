/** What the page of a tenant's traffic asks for, to be sent as one batch. */
import type { Dimension } from "../../core/analytics/dimensions.ts";
import { type TrafficOf, topMembers, trafficSeries } from "./analytics.ts";
import type { Period } from "./paging.ts";
import { tenantById } from "./tenants.ts";
import type { Queries } from "./types.ts";

const MOST = 8;

/** `weeks`: for the hours of the week, whatever period is asked for. */
export function dashboard(db: Queries, query: TrafficOf, weeks: Period) {
  const top = (dimension: Dimension) => topMembers(db, { ...query, dimension, by: "requests", limit: MOST });
  return [
    trafficSeries(db, query),
    trafficSeries(db, { ...query, ...weeks, grain: "hour" }),
    top("tool"),
    top("server"),
    top("user"),
    top("key"),
    top("client"),
    top("error"),
    tenantById(db, query.tenantId),
  ] as const;
}
