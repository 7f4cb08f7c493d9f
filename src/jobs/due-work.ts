/** Every minute: which servers are due for a check or for discovery, and which registries for a sync. */
import { spreadOverMinute } from "../core/discovery/check-schedule.ts";
import type { Database } from "../db/client.ts";
import { listSourcesDue } from "../db/queries/registry/sources.ts";
import {
  listServersDueForCheck,
  listServersDueForDiscovery,
  listUncheckedServers,
} from "../db/queries/servers/checks.ts";
import { enqueueJobs, type RegistryJob, type RegistryJobQueue } from "../discovery/jobs.ts";

/** A tick that finds more leaves the rest, the ones checked last, to the next. */
const MAX_CHECKS = 100_000;
const MAX_DISCOVERIES = 1000;
const CHECKS_PER_MESSAGE = 50;
const DISCOVERIES_PER_MESSAGE = 10;

export async function enqueueHealthChecks(
  database: Database,
  queue: RegistryJobQueue,
  now: Date,
): Promise<number> {
  const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000);
  const db = database.asSystem();
  const [late, never, stale] = await db.batch([
    listServersDueForCheck(db, { minute, limit: MAX_CHECKS }),
    listUncheckedServers(db, { limit: MAX_CHECKS }),
    listServersDueForDiscovery(db, { now, limit: MAX_DISCOVERIES }),
  ]);
  const checks = spreadOverMinute([...late, ...never], CHECKS_PER_MESSAGE).map(({ delaySeconds, items }) => ({
    delaySeconds,
    body: {
      kind: "check",
      minute: minute.getTime(),
      servers: items.map(({ id }) => id),
    } satisfies RegistryJob,
  }));
  const discoveries = spreadOverMinute(stale, DISCOVERIES_PER_MESSAGE).map(({ delaySeconds, items }) => ({
    delaySeconds,
    body: {
      kind: "discover",
      minute: minute.getTime(),
      servers: items.map(({ id: serverId, tenantId }) => ({ tenantId, serverId })),
    } satisfies RegistryJob,
  }));
  await enqueueJobs(queue, [...checks, ...discoveries]);
  return late.length + never.length;
}

const MAX_SOURCES = 100;

export async function enqueueSourceSyncs(
  database: Database,
  queue: RegistryJobQueue,
  now: Date,
): Promise<number> {
  const due = await listSourcesDue(database.asSystem(), { now, limit: MAX_SOURCES });
  await enqueueJobs(
    queue,
    due.map(({ id: sourceId, tenantId }) => ({
      delaySeconds: 0,
      body: { kind: "sync", minute: now.getTime(), tenantId, sourceId },
    })),
  );
  return due.length;
}
