// `npm run migrate:legacy`: brings the data of the old backend and frontend into the gateway's database.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDatabaseUrl } from "../db/connection.ts";
import { devDir } from "../lib/paths.ts";
import { Problem, runMain } from "../lib/problem.ts";
import { EXIT_USAGE, withUsage } from "../lib/usage.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";
import { readTenantMap } from "./load-references.ts";
import { count, Progress } from "./progress.ts";
import { formatReport, hasFaults } from "./report.ts";
import { migrateLegacy, rollBackLegacy } from "./run.ts";

const USAGE = `npm run migrate:legacy -- --from postgres://… [options]

Exports the old databases, imports what can be kept, and validates it. DATABASE_URL is the gateway's database, as its
owner; without it the development database is used. The runbook is docs/guides/migration.md.

  --from URL          the old backend's database
  --frontend URL      the old frontend's database, where it is another
  --dir DIR           files of the run: export, rejects.ndjson, conflicts.ndjson, report.md, report.json
  --tenant-map FILE   JSON: old tenant (ID, name or *) to the slug of an existing one; * is for rows without a tenant
  --dry-run           export and transform, write to no database
  --resume            continue the run in --dir
  --rollback          delete what the run in --dir brought in
  --force             with --rollback: also what was added to its tenants since
  --batch ROWS        rows of an old table in one transaction (default 5,000)
  --json              print the report as JSON

Exit code 1 if the validation fails.`;

const EXIT_INVALID = 1;

async function main(): Promise<number> {
  const { values } = withUsage(USAGE, readArguments);
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const dir = values.dir ?? join(devDir(), "legacy-migration");
  const progress = new Progress((line) => console.error(line));
  let code = 0;
  await withDatabaseUrl(async (to) => {
    if (values.rollback) {
      const { deleted, missing } = await rollBackLegacy({ dir, to, isForced: values.force, progress });
      for (const [table, rows] of Object.entries(deleted))
        console.log(`${table}: ${count(rows)} rows deleted`);
      if (missing > 0) console.log(`${count(missing)} rows had been deleted before.`);
      return;
    }
    const report = await migrateLegacy({
      ...{ dir, to, progress, isDryRun: values["dry-run"], isResumed: values.resume },
      from: readUrl("--from", values.from),
      frontend: values.frontend === undefined ? undefined : readUrl("--frontend", values.frontend),
      batchRows: readBatch(values.batch),
      tenantMap: values["tenant-map"] === undefined ? new Map() : readTenantMap(values["tenant-map"]),
    });
    console.log(values.json ? JSON.stringify(report, null, 2) : formatReport(report));
    if (!values.json) console.log(`Files of the run: ${dir}`);
    if (hasFaults(report)) code = EXIT_INVALID;
  });
  return code;
}

function readArguments() {
  const flag = { type: "boolean", default: false } as const;
  const text = { type: "string" } as const;
  return parseArgs({
    options: {
      ...{ from: text, frontend: text, dir: text, "tenant-map": text, batch: text },
      ...{ "dry-run": flag, resume: flag, rollback: flag, force: flag, json: flag, help: flag },
    },
  });
}

function readBatch(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= 100_000) return rows;
  throw new Problem(`--batch must be an integer from 1 to 100,000.\n\n${USAGE}`, EXIT_USAGE);
}

function readUrl(option: string, text: string | undefined): string {
  if (text === undefined) throw new Problem(`${option} is missing.\n\n${USAGE}`, EXIT_USAGE);
  try {
    return parseDatabaseUrl(text).href;
  } catch {
    throw new Problem(
      `${option} is not a PostgreSQL URL with host, user and database.\n\n${USAGE}`,
      EXIT_USAGE,
    );
  }
}

if (import.meta.main) await runMain(main);
