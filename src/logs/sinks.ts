/** From events to rows: one statement a table, and a row that is there already stays as it is. */

import type { Database, Db } from "../db/client.ts";
import {
  errorLogs,
  featureFlagEvaluations,
  mcpAuditLogs,
  requestLogs,
  securityEvents,
  systemEvents,
} from "../db/schema/logs.ts";
import { connectionPools } from "../db/schema/traffic.ts";
import type { LogEvent } from "./events.ts";

type Of<Kind extends LogEvent["kind"]> = Extract<LogEvent, { kind: Kind }>;

/** Throws where the database does not take them; then none of them is written. */
export async function writeEvents(database: Database, events: readonly LogEvent[]): Promise<void> {
  const db = database.asSystem();
  const [first, ...rest] = statements(db, events);
  if (first !== undefined) await db.batch([first, ...rest]);
}

function statements(db: Db, events: readonly LogEvent[]) {
  // In one order everywhere: two deliveries of the same events wait for each other, and never both.
  const ordered = events.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const of = <Kind extends LogEvent["kind"]>(kind: Kind) =>
    ordered.filter((event): event is Of<Kind> => event.kind === kind);
  const requests = of("request").map(({ v, kind, at, ...row }) => ({ ...row, requestTime: new Date(at) }));
  const calls = of("mcp").map(rowOf);
  const errors = of("error").map(rowOf);
  const security = of("security").map(rowOf);
  const system = of("system").map(rowOf);
  const flags = of("flag").map(rowOf);
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

function rowOf<Event extends LogEvent>({ v, kind, at, ...row }: Event) {
  return { ...row, timestamp: new Date(at) };
}
