/** Automatic bans as rows of ip_rules: the record of what a tenant's object enforces. */
import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { ipRules } from "../../schema/access.ts";
import type { RowOwner } from "../shared/crud.ts";
import type { Queries } from "../shared/queries.ts";

export interface BanRow {
  /** Null for a ban of requests without a credential, which have no tenant. */
  readonly tenantId: RowOwner;
  readonly cidr: string;
  readonly violations: number;
  readonly expiresAt: Date;
}

export function insertBans(db: Queries, bans: readonly BanRow[]) {
  const reason = "Repeated rate-limit violations.";
  return db
    .insert(ipRules)
    .values(bans.map((ban) => ({ ...ban, kind: "block" as const, isAutomatic: true, reason })));
}

/** The row stays, as the record of a ban that was lifted before its time. */
export function endBan(db: Queries, tenantId: RowOwner, cidr: string) {
  const isOwn = tenantId === null ? isNull(ipRules.tenantId) : eq(ipRules.tenantId, tenantId);
  return db
    .update(ipRules)
    .set({ isActive: false, expiresAt: sql`least(${ipRules.expiresAt}, now())` })
    .where(and(isOwn, eq(ipRules.isAutomatic, true), eq(ipRules.isActive, true), eq(ipRules.cidr, cidr)));
}

const KEPT_DAYS = 90;

/** System role (cron): records of bans that ended long ago. */
export function deleteOldBans(db: Queries, now: Date) {
  const before = new Date(now.getTime() - KEPT_DAYS * 86_400_000);
  return db.delete(ipRules).where(and(eq(ipRules.isAutomatic, true), lt(ipRules.expiresAt, before)));
}
