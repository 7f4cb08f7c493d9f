// Which migrations may run while the gateway serves requests.
import { describe, expect, it } from "vitest";
import { readMigrations } from "../../../scripts/db/migration-files.ts";
import { FIRST_CHECKED_AFTER, findUnsafeStatements } from "../../../scripts/db/migration-safety.ts";
import { migrationsDir } from "../../../scripts/lib/paths.ts";

const find = (sql: string) => findUnsafeStatements({ tag: "0000_x", sql });

describe("a migration of a large table", () => {
  it.each([
    'ALTER TABLE "request_logs" ALTER COLUMN "path" SET DATA TYPE varchar(500);',
    "alter table public.audit_logs alter column action type text",
    'ALTER TABLE "audit_logs" ADD COLUMN "key" uuid DEFAULT gen_random_uuid() NOT NULL;',
    'ALTER TABLE "request_logs" ALTER COLUMN "path" SET NOT NULL;',
    'ALTER TABLE "request_logs" ADD CONSTRAINT "c" CHECK (status_code > 0);',
    'ALTER TABLE "server_metrics" ADD CONSTRAINT "f" FOREIGN KEY ("server_id") REFERENCES "mcp_servers"("id");',
    'ALTER TABLE "mcp_audit_logs" ADD CONSTRAINT "u" UNIQUE ("request_id");',
    'CREATE INDEX "i" ON "request_logs" USING btree ("path");',
    'CREATE UNIQUE INDEX "i" ON "request_logs" ("id", "request_time");',
    'ALTER TABLE "request_logs" DROP COLUMN "path";',
    'ALTER TABLE "request_logs" RENAME COLUMN "path" TO "route";',
    "UPDATE request_logs SET path = '/';",
    "TRUNCATE request_logs_default;",
  ])("is refused: %s", (sql) => {
    expect(find(sql)).toEqual([expect.stringMatching(/^0000_x\.sql, \w+: /)]);
  });

  it.each([
    'ALTER TABLE "request_logs" ADD COLUMN "note" text;',
    'ALTER TABLE "request_logs" ADD COLUMN "count" integer DEFAULT 0 NOT NULL;',
    'ALTER TABLE "request_logs" ADD COLUMN "at" timestamptz DEFAULT now() NOT NULL;',
    'ALTER TABLE "request_logs" ADD CONSTRAINT "c" CHECK (status_code > 0) NOT VALID;',
    'ALTER TABLE "request_logs" VALIDATE CONSTRAINT "c";',
    'CREATE INDEX "i" ON ONLY "request_logs" USING btree ("path");',
    'ALTER TABLE "feature_flags" ALTER COLUMN "key" SET NOT NULL;',
    'CREATE INDEX "i" ON "mcp_servers" ("name");',
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE request_logs SET path = '/' $$;",
    "-- safe: the table is empty before the first release\nALTER TABLE request_logs DROP COLUMN path;",
  ])("is accepted: %s", (sql) => {
    expect(find(sql)).toEqual([]);
  });
});

it("accepts every migration since the gateway is in production", () => {
  const checked = readMigrations(migrationsDir).filter(({ when }) => when > FIRST_CHECKED_AFTER);
  expect(checked.flatMap(findUnsafeStatements)).toEqual([]);
});
