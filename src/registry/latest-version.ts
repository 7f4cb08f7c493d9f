/** Marks, of each server's versions, the one that is the latest. Deleted ones are it no longer: the one before is. */
import { latestVersion } from "../core/registry/versions.ts";
import type { Db } from "../db/client.ts";
import { listVersionsToRank, markLatest } from "../db/queries/registry/entries.ts";

export async function updateLatestVersions(
  db: Db,
  tenantId: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const versions = await listVersionsToRank(db, tenantId, names);
  const byName = Map.groupBy(versions, ({ name }) => name);
  const latest = [...byName.values()].flatMap((own) => {
    const living = own.filter(({ status }) => status !== "deleted");
    return latestVersion(living.length > 0 ? living : own)?.id ?? [];
  });
  await markLatest(db, tenantId, names, latest);
}
