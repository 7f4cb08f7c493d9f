/** The queries of the page of a tenant's traffic, sent as one batch. */
import type { Dimension } from "../../../core/analytics/dimensions.ts";
import type { Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import { findTenant } from "../tenants/tenants.ts";
import { type DimensionQuery, listTopMembers, loadTrafficSeries } from "./analytics.ts";

const MAX_ROWS = 8;

/** `weeks`: for the hours of the week, whatever the period. */
export function loadDashboard(db: Queries, query: DimensionQuery, weeks: Period) {
  const top = (dimension: Dimension) =>
    listTopMembers(db, { ...query, dimension, by: "requests", limit: MAX_ROWS });
  return [
    loadTrafficSeries(db, query),
    loadTrafficSeries(db, { ...query, ...weeks, grain: "hour" }),
    top("tool"),
    top("server"),
    top("user"),
    top("key"),
    top("client"),
    top("error"),
    findTenant(db, query.tenantId),
  ] as const;
}
