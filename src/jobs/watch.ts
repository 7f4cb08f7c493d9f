/** Every minute: which servers are to be checked or asked anew what they offer, and which registries looked at. */
import { spreadOverMinute } from "../core/discovery/check-schedule.ts";
import type { Database } from "../db/client.ts";
import { sourcesDue } from "../db/queries/registry-sources.ts";
import { serversDueForCheck, serversDueForDiscovery, serversNotYetChecked } from "../db/queries/visits.ts";
import { type RegistryWork, sendWork, type WorkQueue } from "../registry/work.ts";

/** A tick that finds more leaves the rest, the ones checked last, to the next. */
const MOST_CHECKS = 100_000;
const MOST_DISCOVERIES = 1000;
const CHECKS_PER_MESSAGE = 50;
const DISCOVERIES_PER_MESSAGE = 10;
const DISCOVER_EVERY_MS = 3_600_000;

export async function watchServers(database: Database, queue: WorkQueue, now: Date): Promise<number> {
  const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000);
  const db = database.asSystem();
  const [late, never, stale] = await db.batch([
    serversDueForCheck(db, { minute, limit: MOST_CHECKS }),
    serversNotYetChecked(db, { limit: MOST_CHECKS }),
    serversDueForDiscovery(db, {
      before: new Date(now.getTime() - DISCOVER_EVERY_MS),
      limit: MOST_DISCOVERIES,
    }),
  ]);
  const checks = spreadOverMinute([...late, ...never], CHECKS_PER_MESSAGE).map(({ delaySeconds, items }) => ({
    delaySeconds,
    body: {
      kind: "check",
      minute: minute.getTime(),
      servers: items.map(({ id }) => id),
    } satisfies RegistryWork,
  }));
  const discoveries = spreadOverMinute(stale, DISCOVERIES_PER_MESSAGE).map(({ delaySeconds, items }) => ({
    delaySeconds,
    body: {
      kind: "discover",
      minute: minute.getTime(),
      servers: items.map(({ id: serverId, tenantId }) => ({ tenantId, serverId })),
    } satisfies RegistryWork,
  }));
  await sendWork(queue, [...checks, ...discoveries]);
  return late.length + never.length;
}

const MOST_SOURCES = 100;

export async function watchSources(database: Database, queue: WorkQueue, now: Date): Promise<number> {
  const due = await sourcesDue(database.asSystem(), { now, limit: MOST_SOURCES });
  await sendWork(
    queue,
    due.map(({ id: sourceId, tenantId }) => ({
      delaySeconds: 0,
      body: { kind: "synchronise", minute: now.getTime(), tenantId, sourceId },
    })),
  );
  return due.length;
}
