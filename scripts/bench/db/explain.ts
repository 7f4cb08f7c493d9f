/** Explains one of the product's queries as the product runs it: with its parameters, in its role, in its tenant. */
import type pg from "pg";
import type { Statement } from "./sample.ts";

/** A tenant's id: in the runtime role, inside that tenant. Null: in the system role. */
export type RunsAs = string | null;

export interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  Plans?: PlanNode[];
}

export interface Explained {
  Plan: PlanNode & { "Shared Hit Blocks"?: number; "Shared Read Blocks"?: number };
  "Planning Time"?: number;
  "Execution Time"?: number;
}

export const PLAN_ONLY = "format json";
export const MEASURED = "analyze, buffers, timing off, format json";

export async function explain(
  client: pg.Client,
  runsAs: RunsAs,
  statement: Statement,
  options: typeof PLAN_ONLY | typeof MEASURED,
): Promise<Explained> {
  const { sql, params } = statement.toSQL();
  await client.query("begin");
  try {
    await client.query(`set local role ${runsAs === null ? "gateway_system" : "gateway_runtime"}`);
    await client.query("select set_config('app.tenant_id', $1, true)", [runsAs ?? ""]);
    const { rows } = await client.query<{ "QUERY PLAN": Explained[] }>(`explain (${options}) ${sql}`, params);
    const explained = rows[0]?.["QUERY PLAN"][0];
    if (explained === undefined) throw new Error("EXPLAIN returned no plan");
    return explained;
  } finally {
    await client.query("rollback");
  }
}

export function indexesOf(node: PlanNode): string[] {
  const own = node["Index Name"] === undefined ? [] : [node["Index Name"]];
  return [...own, ...(node.Plans ?? []).flatMap(indexesOf)];
}

/** The index of the parent table of a partition's index, whose name Postgres generated. */
export async function parentIndexes(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ part: string; parent: string }>(`
    select part.relname as part, parent.relname as parent
      from pg_class part join pg_class parent on parent.oid = pg_partition_root(part.oid)
     where part.relkind = 'i' and parent.relkind = 'I'`);
  return new Map(rows.map(({ part, parent }) => [part, parent]));
}
