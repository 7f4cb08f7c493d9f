// Rows in bulk: thousands of tenants, keys or rules, past the API and faster than it could make them.
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import {
  apiKeyPrefix,
  createSalt,
  createSecret,
  formatApiKey,
  hashApiKeySecret,
  parseApiKey,
} from "../../../src/core/access/api-key.ts";
import { uuidv7 } from "../../../src/core/ids.ts";
import * as schema from "../../../src/db/schema/index.ts";
import type { World } from "./world.ts";

type Db = NodePgDatabase;

const PLENTY = 100_000_000;
const ROWS_AT_ONCE = 500;

async function inBulk<Row>(rows: readonly Row[], insert: (part: Row[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) await insert(rows.slice(at, at + ROWS_AT_ONCE));
}

export async function withDatabase<T>(world: World, work: (db: Db) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: world.database.ownerUrl, max: 1 });
  try {
    return await work(drizzle(pool));
  } finally {
    await pool.end();
  }
}

/** Tenants with one server, "one", and a key each; returns the keys. */
export function addTenants(world: World, count: number): Promise<string[]> {
  return withDatabase(world, async (db) => {
    const ids = Array.from({ length: count }, () => uuidv7());
    await inBulk(ids, (part) =>
      db.insert(schema.tenants).values(part.map((id) => ({ id, name: id, slug: `t-${id}`, settings: {} }))),
    );
    await inBulk(ids, (part) =>
      db.insert(schema.mcpServers).values(
        part.map((tenantId) => ({
          tenantId,
          name: "one",
          endpointUrl: world.upstreamUrl("one"),
          transportType: "http" as const,
          healthStatus: "healthy" as const,
          authConfig: { type: "none" as const },
        })),
      ),
    );
    await inBulk(ids, (part) =>
      db.insert(schema.rateLimitConfigs).values(
        part.map((tenantId) => ({
          tenantId,
          subjectType: "role" as const,
          subjectId: "service",
          limitCount: PLENTY,
        })),
      ),
    );
    return addKeys(db, ids);
  });
}

/** One key for each of the tenants named. */
export async function addKeys(db: Db, tenantIds: readonly string[]): Promise<string[]> {
  const keys = await Promise.all(
    tenantIds.map(async (tenantId) => {
      const [id, salt, secret] = [uuidv7(), createSalt(), createSecret()];
      const text = formatApiKey(id, secret);
      const keyHash = await hashApiKeySecret(salt, parseApiKey(text)?.secret ?? "");
      return { id, tenantId, salt, keyHash, text };
    }),
  );
  await inBulk(keys, (part) =>
    db.insert(schema.apiKeys).values(
      part.map(({ id, tenantId, salt, keyHash }) => ({
        id,
        tenantId,
        name: "bench",
        keyPrefix: apiKeyPrefix(id),
        salt,
        keyHash,
        scopes: ["read" as const, "write" as const, "proxy" as const],
        rateLimitPerHour: PLENTY,
        rateLimitPerDay: PLENTY,
      })),
    ),
  );
  return keys.map(({ text }) => text);
}

/** Rules that are evaluated for every call and do not deny it. */
export async function addRules(db: Db, tenantId: string, count: number): Promise<void> {
  const rules = Array.from({ length: count }, (_, at) => ({
    tenantId,
    subjectType: "role" as const,
    subjectId: "service",
    objectType: "tool" as const,
    objectPattern: `never_${at}_*`,
    effect: "deny" as const,
  }));
  await inBulk(rules, (part) => db.insert(schema.serverAccessControls).values(part));
}
