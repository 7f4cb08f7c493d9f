// Rolls back one run: deletes exactly the rows that its ledger names, newest first, one transaction for each batch.
import type pg from "pg";
import { PRUNED } from "../../src/core/audit-chain.ts";
import { Problem } from "../lib/problem.ts";
import { idType, quote } from "./insert-rows.ts";
import type { Batch, Ledger } from "./ledger.ts";
import type { Progress } from "./progress.ts";
import { timeColumn } from "./target-tables.ts";

export interface RollbackOptions {
  readonly client: pg.Client;
  readonly ledger: Ledger;
  readonly progress: Progress;
  /** Deletes tenants that have got further servers, members or keys since. */
  readonly isForced: boolean;
}

export interface RollbackResult {
  readonly deleted: Readonly<Record<string, number>>;
  /** Rows that were no longer there. */
  readonly missing: number;
}

/** A rollback that was interrupted goes on where it was when it is called again. */
export async function rollBack(options: RollbackOptions): Promise<RollbackResult> {
  const { client, ledger, progress } = options;
  if (!options.isForced) await refuseLaterRows(client, ledger.runId);
  await ledger.setState("rolling back");
  const deleted: Record<string, number> = {};
  let missing = 0;
  let rows = 0;
  progress.start("roll back", undefined);
  for await (const batch of ledger.batches("desc")) {
    const count = await deleteBatch(client, ledger.runId, batch);
    deleted[batch.target] = (deleted[batch.target] ?? 0) + count;
    missing += batch.ids.length - count;
    rows += count;
    progress.advance(rows);
  }
  await closeChains(client, ledger.runId);
  await client.query("delete from legacy_migration.progress where run_id = $1", [ledger.runId]);
  await ledger.setState("rolled back");
  progress.finish();
  return { deleted, missing };
}

/** What people add to a tenant; everything else is derived, or goes with its tenant by intention. */
const ADDED = [
  "mcp_servers",
  "api_keys",
  "legacy_api_keys",
  "tenant_members",
  "toolsets",
  "groups",
  "routing_rules",
];

async function refuseLaterRows(client: pg.Client, runId: string): Promise<void> {
  const later: string[] = [];
  for (const table of ADDED) {
    const { rows } = await client.query<{ count: number }>(
      `with brought as (
         select target, unnest(ids) as id from legacy_migration.batches where run_id = $1 and target in ('tenants', $2)
       )
       select count(*)::int as count from ${quote(table)} t
       where t.tenant_id::text in (select id from brought where target = 'tenants')
         and not exists (select from brought b where b.target = $2 and b.id = t.id::text)`,
      [runId, table],
    );
    const count = rows[0]?.count ?? 0;
    if (count > 0) later.push(`${count} in ${table}`);
  }
  if (later.length > 0)
    throw new Problem(
      `Tenants of this run have rows that were added after it (${later.join(", ")}): they would be deleted too. Delete them, or add --force.`,
    );
}

async function deleteBatch(
  client: pg.Client,
  runId: string,
  { number, target, ids, from, until }: Batch,
): Promise<number> {
  const time = timeColumn(target);
  const range = time === undefined ? "" : `and ${quote(time)} between $2 and $3`;
  const values = time === undefined ? [ids] : [ids, from, until];
  const where = `where id = any($1::${idType(target)}[]) ${range}`;
  await client.query("begin");
  if (target === "audit_logs") await noteRemovedAudit(client, runId, { where, values });
  const { rowCount } = await client.query(`delete from public.${quote(target)} ${where}`, values);
  await client.query("delete from legacy_migration.batches where number = $1", [number]);
  await client.query("commit");
  return rowCount ?? 0;
}

interface Condition {
  readonly where: string;
  readonly values: readonly unknown[];
}

/** The ledger keeps the positions of removed entries until the end of the rollback, when the chain declares them. */
async function noteRemovedAudit(
  client: pg.Client,
  runId: string,
  { where, values }: Condition,
): Promise<void> {
  await client.query("select set_config('gateway.removing_audit', 'on', true)");
  await client.query(
    `insert into legacy_migration.removed_audit (run_id, tenant_id, positions)
     select '${runId}', tenant_id, jsonb_agg(jsonb_build_array(first, last)) from (
       select tenant_id, min(sequence) as first, max(sequence) as last from (
         select tenant_id, sequence, sequence - row_number() over (partition by tenant_id order by sequence) as island
         from audit_logs ${where}) numbered
       group by tenant_id, island) ranges
     group by tenant_id`,
    [...values],
  );
}

/** Declares the removed entries in each chain, as retention does; a chain without other entries ends. */
async function closeChains(client: pg.Client, runId: string): Promise<void> {
  await client.query("begin");
  await client.query(
    `delete from audit_chains c where exists (
       select from legacy_migration.removed_audit r where r.run_id = $1 and r.tenant_id is not distinct from c.tenant_id)
     and not exists (select from audit_logs a where a.tenant_id is not distinct from c.tenant_id)`,
    [runId],
  );
  await client.query(
    `insert into audit_logs (tenant_id, action, resource_type, success, details)
     select tenant_id, $2, 'audit_log', true, jsonb_build_object('places', jsonb_agg(place), 'reason', 'legacy migration rolled back')
     from legacy_migration.removed_audit r, jsonb_array_elements(positions) as place
     where run_id = $1
       and exists (select from audit_chains c where c.tenant_id is not distinct from r.tenant_id)
     group by tenant_id`,
    [runId, PRUNED],
  );
  await client.query("delete from legacy_migration.removed_audit where run_id = $1", [runId]);
  await client.query("commit");
}
