/** The columns and table-wide rules that every table shares, so that a table file shows only what is its own. */
import { sql } from "drizzle-orm";
import { type AnyPgColumn, check, customType, pgPolicy, pgRole, timestamp, uuid } from "drizzle-orm/pg-core";
import { uuidv7 } from "../../core/ids.ts";

/** Drizzle's own type parses what the driver has parsed already, and so would read the string "1" as a number. */
export const jsonb = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => "jsonb",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => value,
});

/** What the Worker becomes for one tenant's request: row-level security decides what it sees. */
export const runtimeRole = pgRole("gateway_runtime").existing();
/** What it becomes for work without a tenant: sign-in, cron, the queue consumer. */
export const systemRole = pgRole("gateway_system").existing();

export const id = () =>
  uuid("id")
    .primaryKey()
    .default(sql`gen_random_uuid()`)
    .$defaultFn(() => uuidv7());

/** Partitioned tables must have the partition key in their primary key, so theirs is declared in the table. */
export const partitionedId = () =>
  uuid("id")
    .notNull()
    .default(sql`gen_random_uuid()`)
    .$defaultFn(() => uuidv7());

export const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const createdAt = () => moment("created_at").notNull().defaultNow();

export const updatedAt = () =>
  moment("updated_at")
    .notNull()
    .defaultNow()
    .$onUpdate(() => new Date());

/** Evaluated once per statement (a scalar sub-select), not once per row. Unset or empty means no tenant: nothing. */
const currentTenant = sql`(select app_tenant_id())`;

const system = () =>
  pgPolicy("system_all", { to: systemRole, for: "all", using: sql`true`, withCheck: sql`true` });

/** A tenant sees and changes its own rows, whatever the query. */
export function tenantOwned(column: AnyPgColumn) {
  const own = sql`${column} = ${currentTenant}`;
  return [
    pgPolicy("tenant_own", { to: runtimeRole, for: "all", using: own, withCheck: own }),
    system(),
  ] as const;
}

/** Rows without a tenant are the whole system's: every tenant reads them, none changes them. */
export function tenantOwnedOrShared(column: AnyPgColumn) {
  const own = sql`${column} = ${currentTenant}`;
  const shared = sql`${column} is null and ${currentTenant} is not null`;
  return [
    pgPolicy("tenant_own", { to: runtimeRole, for: "all", using: own, withCheck: own }),
    pgPolicy("shared_read", { to: runtimeRole, for: "select", using: shared }),
    system(),
  ] as const;
}

/** Tables that only work outside any tenant touches: the runtime role has neither policy nor grant. */
export function systemOnly() {
  return [system()] as const;
}

export function lengthBetween(name: string, column: AnyPgColumn, min: number, max: number) {
  return check(name, sql`char_length(${column}) between ${sql.raw(String(min))} and ${sql.raw(String(max))}`);
}

export function atLeast(name: string, column: AnyPgColumn, min: number) {
  return check(name, sql`${column} >= ${sql.raw(String(min))}`);
}

export function within(name: string, column: AnyPgColumn, min: number, max: number) {
  return check(name, sql`${column} between ${sql.raw(String(min))} and ${sql.raw(String(max))}`);
}
