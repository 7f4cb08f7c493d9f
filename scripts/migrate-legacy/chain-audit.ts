// Chains a batch of audit entries in one pass: the trigger, which changes the chain's end for every entry, takes ten times as long.
import type pg from "pg";

/** Within the caller's transaction: the staged entries that are new, with their places in the chains of their tenants. */
const FUNCTION = `
  create or replace function pg_temp.chain_staged() returns setof audit_logs language plpgsql as $$
  declare
    entry audit_logs;
    chain audit_chains;
  begin
    for entry in
      select s.* from stage_audit_logs s
      where not exists (select from audit_logs a where a.id = s.id and a.timestamp = s.timestamp)
      order by s.tenant_id, s.timestamp, s.id
    loop
      if chain.id is null or chain.tenant_id is distinct from entry.tenant_id then
        update audit_chains set length = chain.length, hash = chain.hash, updated_at = now() where id = chain.id;
        insert into audit_chains as c (tenant_id) values (entry.tenant_id)
          on conflict (tenant_id) do update set updated_at = now() returning c.* into chain;
      end if;
      entry.sequence := chain.length + 1;
      entry.previous_hash := chain.hash;
      entry.hash := gateway_audit_hash(entry);
      chain.length := entry.sequence;
      chain.hash := entry.hash;
      return next entry;
    end loop;
    update audit_chains set length = chain.length, hash = chain.hash, updated_at = now() where id = chain.id;
  end $$`;

/** Returns the relation to insert from. The setting, which only the owner can use, keeps the trigger from chaining again. */
export async function chainRows(client: pg.Client): Promise<string> {
  await client.query(FUNCTION);
  await client.query("select set_config('gateway.restoring_audit', 'on', true)");
  await client.query(
    "create temporary table if not exists chained_audit_logs (like audit_logs) on commit delete rows",
  );
  await client.query("truncate chained_audit_logs");
  await client.query("insert into chained_audit_logs select * from pg_temp.chain_staged()");
  return "chained_audit_logs";
}
