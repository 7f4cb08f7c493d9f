// Databases of their own for tests, on the server that `npm test` started.
import { randomBytes } from "node:crypto";
import { afterAll } from "vitest";
import { databaseOf, withClient, withDatabase } from "../../../scripts/db/connection.ts";
import { ensureDatabase } from "../../../scripts/run/postgres.ts";

const serverUrl = process.env.TEST_DATABASE_URL ?? "";
const made: string[] = [];

export async function freshDatabase(): Promise<string> {
  const name = `run_${randomBytes(6).toString("hex")}`;
  await ensureDatabase(serverUrl, name);
  made.push(name);
  return withDatabase(serverUrl, name);
}

/** A database whose server checks no encoding, as old installations have. */
export async function uncheckedDatabase(): Promise<string> {
  const name = `run_${randomBytes(6).toString("hex")}`;
  await query(
    serverUrl,
    `create database ${name} encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'`,
  );
  made.push(name);
  return withDatabase(serverUrl, name);
}

/** A database with everything that is in the other one, which must have no connections. */
export async function copyOf(url: string): Promise<string> {
  const name = `run_${randomBytes(6).toString("hex")}`;
  await query(serverUrl, `create database ${name} template "${databaseOf(new URL(url))}"`);
  made.push(name);
  return withDatabase(serverUrl, name);
}

export async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  return withClient(url, async (client) => (await client.query<T>(sql)).rows);
}

afterAll(async () => {
  for (const name of made) await query(serverUrl, `drop database ${name} with (force)`);
});
