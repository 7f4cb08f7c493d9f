/** What operators look at: configuration by category, and the alerts that are open. */
import { and, asc, desc, eq, isNull } from "drizzle-orm";
import { alertEvents } from "../../schema/alerts.ts";
import { materializedViews } from "../../schema/operations.ts";
import { beforeTime, clampLimit, exactTime, type Page } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

const alert = {
  id: alertEvents.id,
  alertId: alertEvents.alertId,
  status: alertEvents.status,
  severity: alertEvents.severity,
  value: alertEvents.value,
  message: alertEvents.message,
  openedAt: alertEvents.openedAt,
  acknowledgedAt: alertEvents.acknowledgedAt,
  acknowledgedBy: alertEvents.acknowledgedBy,
  cursorAt: exactTime(alertEvents.openedAt),
};

/** Null selects the whole system's own alerts, which no tenant owns. */
export function listOpenAlerts(db: Queries, tenantId: string | null, query: Page = {}) {
  return db
    .select(alert)
    .from(alertEvents)
    .where(
      and(
        tenantId === null ? isNull(alertEvents.tenantId) : eq(alertEvents.tenantId, tenantId),
        isNull(alertEvents.resolvedAt),
        beforeTime(alertEvents.openedAt, alertEvents.id, query.after),
      ),
    )
    .orderBy(desc(alertEvents.openedAt), desc(alertEvents.id))
    .limit(clampLimit(query.limit));
}

/** System role: all of them; they are few. */
export function findView(db: Queries, id: string) {
  return db.select().from(materializedViews).where(eq(materializedViews.id, id));
}

/** Changes the schedule of all views: they are filled together. */
export function updateViews(
  db: Queries,
  values: Partial<Pick<typeof materializedViews.$inferInsert, ViewSetting>>,
) {
  return db.update(materializedViews).set(values).returning();
}

type ViewSetting = "isEnabled" | "refreshStrategy" | "refreshIntervalSeconds";

export function listViews(db: Queries) {
  return db.select().from(materializedViews).orderBy(asc(materializedViews.name));
}
