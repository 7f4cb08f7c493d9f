// A demo tenant for development: one admin who can sign in, one API key. Run again it changes nothing; what it made
// up (password and key) is kept in a file beside the database, because the database holds only hashes.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { and, eq } from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import {
  apiKeyPrefix,
  createSalt,
  createSecret,
  formatApiKey,
  hashApiKeySecret,
  parseApiKey,
} from "../../src/core/access/api-key.ts";
import { API_KEY_SCOPES } from "../../src/core/enums.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import * as schema from "../../src/db/schema/index.ts";
import { hashPassword } from "../../src/identity/users/passwords.ts";
import { readJsonFile, writeJsonFile } from "../lib/json-file.ts";
import { devDir } from "../lib/paths.ts";
import { runMain } from "../lib/problem.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";
import { withClient } from "./connection.ts";

type Db = NodePgDatabase;

export interface Seeded {
  readonly apiKey: string;
  readonly login: { readonly email: string; readonly password: string };
  /** The slug, as it stands in paths. */
  readonly tenant: string;
}

/** Where dev keeps what the seed made up. */
export const seedFile = () => join(devDir(), "seed.json");

const TENANT = "demo";
const EMAIL = "admin@example.com";

export interface SeedServer {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly url: string;
}

export interface SeedOptions {
  readonly ownerUrl: string;
  readonly secretsFile: string;
  /** MCP servers that the demo tenant offers; their addresses change from start to start. */
  readonly servers?: readonly SeedServer[];
}

export function seed(options: SeedOptions): Promise<Seeded> {
  return withClient(options.ownerUrl, async (client) => {
    const kept = readJsonFile(options.secretsFile);
    const password = kept.password ?? randomBytes(12).toString("base64url");
    const db = drizzle(client);
    const apiKey = await db.transaction(async (tx) => {
      const tenantId = await ensureTenant(tx);
      const userId = await ensureAdmin(tx, tenantId);
      await setPassword(tx, userId, password);
      for (const server of options.servers ?? []) await ensureServer(tx, tenantId, server);
      return ensureApiKey(tx, tenantId, userId, kept.apiKey);
    });
    writeJsonFile(options.secretsFile, { password, apiKey });
    return { apiKey, login: { email: EMAIL, password }, tenant: TENANT };
  });
}

async function ensureTenant(db: Db): Promise<string> {
  await db.insert(schema.tenants).values({ name: "Demo", slug: TENANT }).onConflictDoNothing();
  const [tenant] = await db.select().from(schema.tenants).where(eq(schema.tenants.slug, TENANT));
  return found(tenant).id;
}

async function ensureAdmin(db: Db, tenantId: string): Promise<string> {
  await db
    .insert(schema.user)
    .values({
      name: "Demo Admin",
      email: EMAIL,
      emailVerified: true,
      username: "admin",
      role: "admin",
      tenantId,
    })
    .onConflictDoNothing();
  const [user] = await db.select().from(schema.user).where(eq(schema.user.email, EMAIL));
  const userId = found(user).id;
  await db.insert(schema.tenantMembers).values({ tenantId, userId, role: "admin" }).onConflictDoNothing();
  return userId;
}

async function ensureServer(db: Db, tenantId: string, server: SeedServer): Promise<void> {
  const { name, title, description, url: endpointUrl } = server;
  await db
    .insert(schema.mcpServers)
    .values({ tenantId, name, title, description, endpointUrl, healthStatus: "healthy" })
    .onConflictDoUpdate({
      target: [schema.mcpServers.tenantId, schema.mcpServers.name],
      set: { title, description, endpointUrl },
    });
}

/** The password of the file always works, also when the database came from elsewhere. */
async function setPassword(db: Db, userId: string, password: string): Promise<void> {
  const hashed = await hashPassword(password);
  await db
    .insert(schema.account)
    .values({ userId, accountId: userId, providerId: "credential", password: hashed })
    .onConflictDoUpdate({
      target: [schema.account.providerId, schema.account.accountId],
      set: { password: hashed },
    });
}

async function ensureApiKey(
  db: Db,
  tenantId: string,
  userId: string,
  kept: string | undefined,
): Promise<string> {
  if (kept !== undefined && (await isKnown(db, kept))) return kept;
  const id = uuidv7();
  const apiKey = formatApiKey(id, createSecret());
  const salt = createSalt();
  await db.insert(schema.apiKeys).values({
    id,
    tenantId,
    userId,
    name: "Development",
    keyPrefix: apiKeyPrefix(id),
    salt,
    keyHash: await hashApiKeySecret(salt, parseApiKey(apiKey)?.secret ?? ""),
    scopes: [...API_KEY_SCOPES],
    rateLimitPerHour: 100_000,
    rateLimitPerDay: 1_000_000,
    createdBy: userId,
  });
  return apiKey;
}

async function isKnown(db: Db, apiKey: string): Promise<boolean> {
  const presented = parseApiKey(apiKey);
  if (presented === undefined) return false;
  const [row] = await db
    .select()
    .from(schema.apiKeys)
    .where(and(eq(schema.apiKeys.id, presented.id), eq(schema.apiKeys.isActive, true)));
  return row !== undefined && row.keyHash === (await hashApiKeySecret(row.salt, presented.secret));
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new Error("a row that was just written is not there");
  return row;
}

if (import.meta.main) {
  await runMain(async () => {
    await withDatabaseUrl(async (ownerUrl) => {
      const { apiKey, login, tenant } = await seed({ ownerUrl, secretsFile: seedFile() });
      console.log(`Tenant ${tenant}: sign in as ${login.email} with ${login.password}; API key ${apiKey}`);
    });
    return 0;
  });
}
