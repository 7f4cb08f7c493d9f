// Finds statements of a migration that would rewrite, scan or lock a large table, or break the release that still runs.
import type { Migration } from "./migration-files.ts";

/** The partitioned tables, and their default partitions. */
const LARGE = ["request_logs", "audit_logs", "mcp_audit_logs", "server_metrics", "server_health_checks"];

/** Earlier migrations ran before there was a gateway in production. */
export const FIRST_CHECKED_AFTER = 1_795_828_145_902;

/** A statement with this comment before it is accepted; the comment gives the reason. */
const ACCEPTED = /--\s*safe:\s*\S/;

interface Hazard {
  readonly pattern: RegExp;
  readonly problem: string;
}

const HAZARDS: readonly Hazard[] = [
  {
    pattern: /\balter\s+column\s+\S+\s+(?:set\s+data\s+)?type\b/i,
    problem: "changes a column's type, which rewrites the table: add a column, fill it, switch to it",
  },
  {
    pattern: /\badd\s+column\b[^;]*\bdefault\s+(?:gen_random_uuid|random|clock_timestamp|nextval)\b/i,
    problem: "adds a column with a volatile default, which rewrites the table: add it without a default",
  },
  {
    pattern: /\badd\s+column\b[^;]*\bgenerated\s+always\s+as\s*\([^;]*\)\s*stored/i,
    problem: "adds a generated column, which rewrites the table",
  },
  {
    pattern: /\bset\s+not\s+null\b/i,
    problem: "scans the table under a lock: add a check that is not valid, validate it, then set not null",
  },
  {
    pattern: /\badd\s+constraint\b(?![^;]*\bnot\s+valid\b)[^;]*\b(?:check|foreign\s+key)\b/i,
    problem:
      "scans the table under a lock: add the constraint NOT VALID and validate it in the next migration",
  },
  {
    pattern: /\badd\s+constraint\b[^;]*\b(?:unique|primary\s+key|exclude)\b/i,
    problem: "builds an index under a lock: build it for each partition first",
  },
  {
    pattern: /\bcreate\s+(?:unique\s+)?index\b(?![^;]*\bon\s+only\b)/i,
    problem: "builds an index under a lock: create it ON ONLY the table, and for each partition concurrently",
  },
  {
    pattern: /\b(?:drop\s+column|rename\s+(?:column|to))\b/i,
    problem: "breaks the release that still runs: remove its use in one release and the column in the next",
  },
  { pattern: /\b(?:cluster|vacuum\s+full|truncate)\b/i, problem: "locks the whole table" },
  { pattern: /^\s*update\b/i, problem: "updates the whole table in one transaction: fill it in batches" },
];

export function findUnsafeStatements({ tag, sql }: Pick<Migration, "tag" | "sql">): string[] {
  return sql.split("--> statement-breakpoint").flatMap((statement) => {
    const text = statement.replaceAll(/--[^\n]*/g, "").replaceAll('"', "");
    const table = LARGE.find((name) => isAbout(text, name));
    if (table === undefined || ACCEPTED.test(statement)) return [];
    return HAZARDS.filter(({ pattern }) => pattern.test(text)).map(
      ({ problem }) => `${tag}.sql, ${table}: ${problem}`,
    );
  });
}

/** Statements that only mention the table, such as the body of a function, change nothing of it. */
function isAbout(statement: string, table: string): boolean {
  const target = `(?:only\\s+)?(?:public\\.)?${table}(?:_default)?\\b`;
  return new RegExp(
    `^\\s*(?:alter\\s+table\\s+(?:if\\s+exists\\s+)?${target}|update\\s+${target}|truncate\\s+(?:table\\s+)?${target}` +
      `|cluster\\s+${target}|vacuum\\s+full\\s+${target}|create\\s+(?:unique\\s+)?index\\s[^;(]*\\son\\s+${target})`,
    "i",
  ).test(statement);
}
