/**
 * What every query of the product is written against. The Worker passes its Neon database, tests and the benchmark
 * another driver's; each function returns the builder, to be awaited, batched, or explained.
 */
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

export type Queries = PgDatabase<PgQueryResultHKT>;
