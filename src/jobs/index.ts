/** What each cron expression of wrangler.toml starts. */
import type { Services } from "../services.ts";
import { ensurePartitions } from "./partitions.ts";
import { sweepSecrets } from "./secrets.ts";

export async function runJobs(cron: string, services: Services): Promise<void> {
  if (cron !== "17 3 * * *") return;
  await ensurePartitions(services.database);
  await sweepSecrets(services.database, new Date());
}
