/** Walks a chain of audit entries page by page, and picks out those that do not follow from the one before them. */
import { and, eq, isNull, sql } from "drizzle-orm";
import {
  type ChainEnd,
  type ChainPositions,
  type MismatchedEntry,
  PRUNED,
} from "../../../core/audit-chain.ts";
import { auditChains, auditLogs } from "../../schema/logs.ts";
import type { RowOwner } from "../shared/crud.ts";
import type { Queries } from "../shared/queries.ts";

export interface ChainCheck {
  /** Entries on this page, without the one that it begins after. */
  readonly checked: number;
  readonly last: ChainEnd | null;
  readonly odd: readonly MismatchedEntry[];
  /** The recorded end of the chain, read in the same transaction as its entries. */
  readonly end: ChainEnd | null;
}

/** The first mismatches show where the problem starts; further ones are omitted. */
const MAX_MISMATCHES = 100;

const isOwner = (owner: RowOwner) =>
  owner === null ? isNull(auditLogs.tenantId) : eq(auditLogs.tenantId, owner);

/** From the entry at `after` on, which is looked at again for what follows it. */
export function checkChain(db: Queries, owner: RowOwner, { after, limit }: { after: number; limit: number }) {
  const chain = owner === null ? isNull(auditChains.tenantId) : eq(auditChains.tenantId, owner);
  // The function hashes the whole row as it is now.
  const walked = sql`(
    with page as (
      select id, sequence, timestamp, action, previous_hash, hash, gateway_audit_hash(audit_logs) = hash as is_sound
      from ${auditLogs} where ${and(isOwner(owner), sql`${auditLogs.sequence} >= ${after}::bigint`)}
      order by sequence, id limit ${limit + 1}::integer
    ), linked as (
      select *, lag(sequence, 1, greatest(${after}::bigint - 1, 0)) over (order by sequence, id) as sequence_before,
        lag(hash, 1, case when ${after}::bigint = 0 then '' end) over (order by sequence, id) as hash_before
      from page
    ), odd as (
      select * from linked
      where sequence <> sequence_before + 1 or hash_before <> previous_hash or not is_sound
      order by sequence, id limit ${MAX_MISMATCHES}
    )
    select json_build_object(
      'checked', (select count(*) from page where sequence > ${after}::bigint),
      'last', (select json_build_object('sequence', sequence, 'hash', hash) from page order by sequence desc, id desc limit 1),
      'odd', (select coalesce(json_agg(json_build_object('id', id, 'sequence', sequence, 'at', timestamp, 'action', action,
        'previousHash', previous_hash, 'hashBefore', hash_before, 'sequenceBefore', sequence_before, 'isSound', is_sound)
        order by sequence, id), '[]') from odd),
      'end', (select json_build_object('sequence', length, 'hash', hash) from ${auditChains} where ${chain})
    ) as walk) as walked`;
  return db.select({ walk: sql<ChainCheck>`walk` }).from(walked);
}

/** What retention has recorded as deleted. */
export function loadPrunedPositions(db: Queries, owner: RowOwner) {
  return db
    .select({ places: sql<ChainPositions[]>`${auditLogs.details} -> 'places'` })
    .from(auditLogs)
    .where(and(isOwner(owner), eq(auditLogs.action, PRUNED), sql`gateway_audit_hash(audit_logs) = hash`));
}

/** Returns the hash of an entry, for comparison with an anchor. */
export function findHash(db: Queries, owner: RowOwner, sequence: number) {
  return db
    .select({ hash: auditLogs.hash })
    .from(auditLogs)
    .where(and(isOwner(owner), eq(auditLogs.sequence, sequence)));
}
