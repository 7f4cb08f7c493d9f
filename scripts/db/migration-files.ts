// Reads drizzle-kit's folder of migrations: the journal names them in order, one file each.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Problem } from "../lib/problem.ts";

export type Migration = { tag: string; when: number; hash: string; sql: string };

const journal = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) });

export function readMigrations(dir: string): Migration[] {
  const file = join(dir, "meta", "_journal.json");
  const migrations = parseJournal(file).map(({ tag, when }) => {
    const sql = read(join(dir, `${tag}.sql`));
    // The same hash as drizzle's migrator writes into its table.
    return { tag, when, sql, hash: createHash("sha256").update(sql).digest("hex") };
  });
  // drizzle applies what is younger than the last applied: out of order, one would silently never run.
  const misplaced = migrations.find(({ when }, index) => when <= (migrations[index - 1]?.when ?? 0));
  if (misplaced === undefined) return migrations;
  throw new Problem(
    `Migration ${misplaced.tag}.sql is not newer than the one before it: correct "when" in ${file}.`,
  );
}

function parseJournal(file: string): { tag: string; when: number }[] {
  try {
    return journal.parse(JSON.parse(read(file))).entries;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(`${file} is corrupt: restore it from git.`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new Problem(`${file} is missing: restore it from git, or run npm run db:generate.`);
  }
}
