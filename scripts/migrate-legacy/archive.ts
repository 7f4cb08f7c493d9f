// The exported tables as files: gzip-compressed NDJSON, with a manifest of rows and checksums.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { Problem } from "../lib/problem.ts";

const exportedTable = z.object({
  rows: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  /** Lines with bytes that were not UTF-8. */
  recoded: z.number(),
  /** The time from which nearly all rows are, where the table has one. */
  from: z.string().nullable(),
});
export type ExportedTable = z.infer<typeof exportedTable>;

const manifestSchema = z.object({
  runId: z.uuid(),
  source: z.string(),
  exportedAt: z.string(),
  /** Set when all tables are exported. */
  isComplete: z.boolean(),
  tables: z.record(z.string(), exportedTable),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const manifestFile = (dir: string) => join(dir, "manifest.json");
export const tableFile = (dir: string, table: string) => join(dir, "export", `${table}.ndjson.gz`);

export function readManifest(dir: string): Manifest | undefined {
  if (!existsSync(manifestFile(dir))) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(manifestFile(dir), "utf8")));
  } catch {
    throw new Problem(`${manifestFile(dir)} is damaged: choose another --dir and export again.`);
  }
}

export function writeManifest(dir: string, manifest: Manifest): void {
  // The export contains password hashes.
  mkdirSync(join(dir, "export"), { recursive: true, mode: 0o700 });
  writeFileSync(`${manifestFile(dir)}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${manifestFile(dir)}.new`, manifestFile(dir));
}

/** Throws for a file that is not the one that was exported. */
export async function verifyArchive(dir: string, manifest: Manifest): Promise<void> {
  for (const [table, { sha256 }] of Object.entries(manifest.tables)) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(tableFile(dir, table)), hash);
    if (hash.digest("hex") !== sha256)
      throw new Problem(
        `${tableFile(dir, table)} has changed since the export: export again into another --dir.`,
      );
  }
}

/** The lines of a table in order, as many at a time as the stream has. */
export async function* readLines(dir: string, table: string): AsyncGenerator<readonly string[]> {
  const source = createReadStream(tableFile(dir, table));
  const text = source.pipe(createGunzip()).setEncoding("utf8");
  source.on("error", (error) => text.destroy(error));
  let rest = "";
  for await (const chunk of text) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield lines;
  }
}
