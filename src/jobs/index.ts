/** What each cron expression of wrangler.toml starts. */
import { sampleDatabase } from "../operations/database.ts";
import type { Services } from "../services.ts";
import { watchAlerts } from "./alerts.ts";
import { replayDeadLetters } from "./dead-letters.ts";
import { ensurePartitions } from "./partitions.ts";
import { beginRetention, goOnWithRetention } from "./retention.ts";
import { dropOldSums, rollUpTraffic } from "./rollups.ts";
import { sweepSecrets } from "./secrets.ts";
import { watchServers, watchSources } from "./watch.ts";

export async function runJobs(cron: string, services: Services, now = new Date()): Promise<void> {
  const { database } = services;
  if (cron === "* * * * *") {
    await watchServers(database, services.work, now);
    await watchSources(database, services.work, now);
    await replayDeadLetters(database);
    await rollUpTraffic(database, () => new Date());
    await sampleDatabase(database, now);
    // After the sums that they go by.
    await watchAlerts(services.alerts);
    await goOnWithRetention(database);
  }
  if (cron === "17 3 * * *") {
    await ensurePartitions(database);
    await sweepSecrets(database, now);
    await dropOldSums(database, now);
    await beginRetention(database);
  }
}
