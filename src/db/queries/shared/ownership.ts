/** What a tenant has of its own, and what the whole system shares with it. */
import { eq, isNull, or } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

export const isOwnOrShared = (column: AnyPgColumn, tenantId: string) =>
  or(eq(column, tenantId), isNull(column));
