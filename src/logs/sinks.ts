/** From events to rows: one statement a table, and a row that is there already stays as it is. */

import type { Database, Db } from "../db/client.ts";
import { sqlState } from "../db/errors.ts";
import { featureFlagEvaluations } from "../db/schema/event-tables.ts";
import { errorLogs, mcpAuditLogs, requestLogs, securityEvents, systemEvents } from "../db/schema/logs.ts";
import { connectionPools } from "../db/schema/traffic.ts";
import type { LogEvent } from "./events.ts";

type EventOf<Kind extends LogEvent["kind"]> = Extract<LogEvent, { kind: Kind }>;

/** A statement takes 65,535 values, and the widest row has two dozen. */
const MAX_ROWS = 2000;

/** Returns those that can never be written, having written all others. Throws where the database is away. */
export async function writeEvents(database: Database, events: readonly LogEvent[]): Promise<LogEvent[]> {
  const refused: LogEvent[] = [];
  for (let from = 0; from < events.length; from += MAX_ROWS) {
    refused.push(...(await writeSome(database, events.slice(from, from + MAX_ROWS))));
  }
  return refused;
}

/** All in one go; in halves where there is something among them that is not taken. */
async function writeSome(database: Database, events: readonly LogEvent[]): Promise<readonly LogEvent[]> {
  const db = database.asSystem("write");
  const [first, ...rest] = statements(db, events);
  if (first === undefined) return [];
  try {
    await db.batch([first, ...rest]);
    return [];
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    if (events.length === 1) return events;
    const middle = Math.ceil(events.length / 2);
    const refused = await writeSome(database, events.slice(0, middle));
    return [...refused, ...(await writeSome(database, events.slice(middle)))];
  }
}

/** Data that does not fit its column (SQLSTATE class 22) or breaks a rule (23) will not do so at the next try either. */
const isUnwritable = (error: unknown): boolean => /^2[23]/.test(sqlState(error) ?? "");

function statements(db: Db, events: readonly LogEvent[]) {
  // In one order everywhere: two deliveries of the same events wait for each other, and never both.
  const ordered = events.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const of = <Kind extends LogEvent["kind"]>(kind: Kind) =>
    ordered.filter((event): event is EventOf<Kind> => event.kind === kind);
  const requests = of("request").map(({ v, kind, at, ...row }) => ({ ...row, requestTime: new Date(at) }));
  const calls = of("mcp").map(toRow);
  const errors = of("error").map(toRow);
  const security = of("security").map(toRow);
  const system = of("system").map(toRow);
  const flags = of("flag").map(toRow);
  const pools = of("pool").map(({ v, kind, at, ...row }) => ({
    ...row,
    kind: "database" as const,
    sampledAt: new Date(at),
  }));
  return [
    ...(requests.length > 0 ? [db.insert(requestLogs).values(requests).onConflictDoNothing()] : []),
    ...(calls.length > 0 ? [db.insert(mcpAuditLogs).values(calls).onConflictDoNothing()] : []),
    ...(errors.length > 0 ? [db.insert(errorLogs).values(errors).onConflictDoNothing()] : []),
    ...(security.length > 0 ? [db.insert(securityEvents).values(security).onConflictDoNothing()] : []),
    ...(system.length > 0 ? [db.insert(systemEvents).values(system).onConflictDoNothing()] : []),
    ...(flags.length > 0 ? [db.insert(featureFlagEvaluations).values(flags).onConflictDoNothing()] : []),
    ...(pools.length > 0 ? [db.insert(connectionPools).values(pools).onConflictDoNothing()] : []),
  ];
}

function toRow<Event extends LogEvent>({ v, kind, at, ...row }: Event) {
  return { ...row, timestamp: new Date(at) };
}
