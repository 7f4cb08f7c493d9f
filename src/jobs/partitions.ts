/** Makes partitions two months ahead, daily. One missed day or fifty, rows are still taken: see the default partition. */
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";

export async function ensurePartitions(database: Database): Promise<number> {
  const { rows } = await database
    .asSystem()
    .execute<{ made: number }>(sql`select gateway_ensure_partitions() as made`);
  return rows[0]?.made ?? 0;
}
