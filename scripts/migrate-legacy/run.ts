// A whole migration: export, import and validation; a dry run; a rollback.
import { existsSync } from "node:fs";
import type pg from "pg";
import { withClient } from "../db/connection.ts";
import { Problem } from "../lib/problem.ts";
import { type Manifest, manifestFile, readLines, readManifest, verifyArchive } from "./archive.ts";
import { exportAll } from "./export.ts";
import { importAll } from "./import.ts";
import { addRepairs, type Counts, Ledger, noCounts } from "./ledger.ts";
import { loadFrontendUsers, loadReferences } from "./load-references.ts";
import type { Progress } from "./progress.ts";
import type { References } from "./references.ts";
import { buildReport, type MigrationReport, writeReport } from "./report.ts";
import { type RollbackResult, rollBack } from "./rollback.ts";
import { RunFiles } from "./run-files.ts";
import { SOURCE_TABLES } from "./source-tables.ts";
import { transformLine } from "./transform-row.ts";
import { validate } from "./validate.ts";

export interface MigrationOptions {
  readonly dir: string;
  readonly from: string;
  /** The old frontend's database, where it is another. */
  readonly frontend?: string | undefined;
  /** The gateway's database, as its owner. */
  readonly to: string;
  readonly tenantMap: ReadonlyMap<string, string>;
  readonly isDryRun: boolean;
  readonly isResumed: boolean;
  readonly progress: Progress;
  readonly batchRows?: number | undefined;
}

export async function migrateLegacy(options: MigrationOptions): Promise<MigrationReport> {
  const { dir, from, frontend = from, progress, isDryRun, isResumed } = options;
  if (existsSync(manifestFile(dir)) && !isResumed)
    throw new Problem(`${dir} contains a run: continue it with --resume, or choose another --dir.`);
  const manifest = await exportAll({ dir, from, frontend, progress });
  if (isResumed) await verifyArchive(dir, manifest);
  const files = new RunFiles(dir);
  return withClient(options.to, async (client) => {
    const references = await prepareReferences(client, options, manifest);
    if (isDryRun) return dryRun(options, { manifest, references, files });
    const ledger = new Ledger(client, manifest.runId);
    const state = await ledger.open(manifest.source);
    if (state.startsWith("roll")) throw new Problem(`This run was rolled back: choose another --dir.`);
    const { batchRows } = options;
    const shared = { client, ledger, references, dir, manifest, progress };
    await importAll({ ...shared, files, ...(batchRows !== undefined && { batchRows }) });
    await auditRun(client, "legacy-migration.import", manifest);
    await ledger.setState("imported");
    const validation = await validate(shared);
    const counts = new Map<string, Counts>();
    for (const { name } of SOURCE_TABLES) counts.set(name, (await ledger.progress(name)).counts);
    return finish({ dir, manifest, counts, validation, progress, isDryRun });
  });
}

async function prepareReferences(
  client: pg.Client,
  options: MigrationOptions,
  manifest: Manifest,
): Promise<References> {
  const references = await loadReferences(client, options.tenantMap);
  if (manifest.tables.user !== undefined)
    await loadFrontendUsers(options.dir, references, new Date(manifest.exportedAt));
  return references;
}

async function finish(input: Parameters<typeof buildReport>[0]): Promise<MigrationReport> {
  const report = await buildReport(input);
  writeReport(input.dir, report);
  return report;
}

interface DryRun {
  readonly manifest: Manifest;
  readonly references: References;
  readonly files: RunFiles;
}

/** Transforms everything and writes to no database; collisions of unique values are found by the import only. */
async function dryRun(
  options: MigrationOptions,
  { manifest, references, files }: DryRun,
): Promise<MigrationReport> {
  const { dir, progress } = options;
  const exportedAt = new Date(manifest.exportedAt);
  const counts = new Map<string, Counts>();
  files.rewind(0);
  for (const { name, transform } of SOURCE_TABLES) {
    const exported = manifest.tables[name];
    if (exported === undefined || transform === undefined) continue;
    const count = noCounts();
    counts.set(name, count);
    progress.start(`transform ${name}`, exported.rows);
    let line = 0;
    for await (const texts of readLines(dir, name)) {
      for (const text of texts) {
        line += 1;
        const result = transformLine(text, transform, { references, exportedAt });
        if (result.kind === "rejected") {
          count.rejected += 1;
          files.reject([{ table: name, line, reason: result.reason, row: text }]);
          continue;
        }
        const { facts = [], conflicts = [] } = result.result;
        for (const fact of facts) references.learn(fact);
        files.conflict(name, line, conflicts);
        count.accepted += 1;
        count.conflicts += conflicts.length;
        if (result.repairs.length > 0) count.repaired += 1;
        addRepairs(count.repairs, result.repairs);
      }
      progress.advance(line);
    }
    progress.finish();
  }
  return finish({ dir, manifest, counts, validation: undefined, progress, isDryRun: true });
}

export interface RollbackRun {
  readonly dir: string;
  readonly to: string;
  readonly isForced: boolean;
  readonly progress: Progress;
}

export async function rollBackLegacy({ dir, to, isForced, progress }: RollbackRun): Promise<RollbackResult> {
  const manifest = readManifest(dir);
  if (manifest === undefined)
    throw new Problem(`${dir} contains no run: name the --dir of the run to roll back.`);
  return withClient(to, async (client) => {
    const ledger = new Ledger(client, manifest.runId);
    await ledger.open(manifest.source);
    const result = await rollBack({ client, ledger, progress, isForced });
    await auditRun(client, "legacy-migration.rollback", manifest);
    return result;
  });
}

/** In the system's own chain: a run concerns many tenants. */
async function auditRun(client: pg.Client, action: string, { runId, source }: Manifest): Promise<void> {
  await client.query(
    `insert into audit_logs (action, resource_type, resource_id, success, details)
     select $1, 'legacy_migration', $2, true, jsonb_build_object('source', $3::text)
     where not exists (select from audit_logs where action = $1 and resource_type = 'legacy_migration' and resource_id = $2)`,
    [action, runId, source],
  );
}
