/** Maintenance windows with the names of their servers, for the calendar. */
import { and, eq } from "drizzle-orm";
import { maintenanceWindows as windows } from "../../schema/operations.ts";
import { mcpServers } from "../../schema/registry.ts";
import { isOwnOrShared } from "../shared/ownership.ts";
import type { Queries } from "../shared/queries.ts";

/** The tenant's own and those of the whole system; those that are over too, as a calendar goes back. */
export function listCalendarWindows(db: Queries, tenantId: string) {
  return db
    .select({
      id: windows.id,
      tenantId: windows.tenantId,
      serverId: windows.serverId,
      serverName: mcpServers.name,
      title: windows.title,
      startsAt: windows.startsAt,
      endsAt: windows.endsAt,
      recurrence: windows.recurrence,
      timeZone: windows.timeZone,
    })
    .from(windows)
    .leftJoin(mcpServers, and(eq(mcpServers.id, windows.serverId), eq(mcpServers.tenantId, tenantId)))
    .where(and(isOwnOrShared(windows.tenantId, tenantId), eq(windows.isActive, true)))
    .limit(1000);
}
