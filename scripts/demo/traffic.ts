// `npm run dev -- --demo-traffic`: members with keys for the demo tenant, and a day of their traffic, written as the
// queue's consumer writes it, so that logs, analytics and overview agree.
import { and, eq, inArray } from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { apiKeyPrefix, createSalt, createSecret, hashApiKeySecret } from "../../src/core/access/api-key.ts";
import { toBase64url } from "../../src/core/base64url.ts";
import { MINUTE_MS } from "../../src/core/durations.ts";
import { uuidFromName } from "../../src/core/ids.ts";
import { createDatabase, type Database } from "../../src/db/client.ts";
import * as schema from "../../src/db/schema/index.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { writeEvents } from "../../src/logs/sinks.ts";
import { rollUpTraffic } from "../../src/operations/traffic-rollups.ts";
import { withClient } from "../db/connection.ts";
import { createDemoDay, type DemoCaller, type DemoServer } from "./day.ts";

export interface DemoTrafficOptions {
  readonly ownerUrl: string;
  /** As the Worker connects. */
  readonly runtimeUrl: string;
  readonly endpoint: string | undefined;
  /** The slug of the tenant. */
  readonly tenant: string;
  readonly now: number;
}

const MEMBERS = [
  { name: "Ada", role: "admin", userAgent: "claude-desktop/1.4.2" },
  { name: "Grace", role: "user", userAgent: "vscode/1.118.0" },
  { name: "Katherine", role: "user", userAgent: "cursor/2.1.0" },
  { name: "Nightly build", role: "service", userAgent: "node-agent/0.9" },
] as const;

/** Of the example servers that the demo tenant has. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  calculator: ["add", "add", "multiply", "divide"],
  notes: ["list_notes", "list_notes", "read_note", "create_note"],
  clock: ["current_time"],
};

/** Returns the number of calls; 0 where the tenant has the traffic already. */
export async function addDemoTraffic(options: DemoTrafficOptions): Promise<number> {
  const { ownerUrl, runtimeUrl, endpoint, tenant, now } = options;
  const day = await withClient(ownerUrl, async (client) => {
    const db = drizzle(client);
    const tenantId = await findTenant(db, tenant);
    const callers = await addMembers(db, tenantId, now);
    return callers.length === 0 ? undefined : { tenantId, callers, servers: await listServers(db, tenantId) };
  });
  if (day === undefined) return 0;
  const database = createDatabase(
    { main: runtimeUrl, ...(endpoint !== undefined && { endpoint }) },
    { statistics: new QueryStatistics(), now: Date.now, random: Math.random, sleep: async () => undefined },
  );
  // The last minutes are left to what the developer does.
  const events = createDemoDay({ ...day, until: now - 2 * MINUTE_MS });
  await write(database, events);
  await rollUpTraffic(database, () => new Date());
  return events.filter(({ kind }) => kind === "request").length;
}

async function write(database: Database, events: readonly LogEvent[]): Promise<void> {
  const refused = await writeEvents(database, events);
  if (refused.length > 0) throw new Error(`${refused.length} demo events were not written.`);
}

async function findTenant(db: NodePgDatabase, slug: string): Promise<string> {
  const [row] = await db.select().from(schema.tenants).where(eq(schema.tenants.slug, slug));
  if (row === undefined) throw new Error(`Tenant ${slug} does not exist.`);
  return row.id;
}

/** Empty where they are there already. They cannot sign in, and the secrets of their keys are kept nowhere. */
async function addMembers(db: NodePgDatabase, tenantId: string, now: number): Promise<readonly DemoCaller[]> {
  const callers = await Promise.all(
    MEMBERS.map(async ({ name, role, userAgent }) => ({
      ...{ name, role, userAgent },
      userId: await uuidFromName(`demo member ${name} ${tenantId}`),
      apiKeyId: await uuidFromName(`demo key ${name} ${tenantId}`),
    })),
  );
  return db.transaction(async (tx) => {
    const ids = callers.map(({ apiKeyId }) => apiKeyId);
    const known = await tx.select().from(schema.apiKeys).where(inArray(schema.apiKeys.id, ids));
    if (known.length > 0) return [];
    await tx.insert(schema.user).values(
      callers.map(({ userId, name }) => ({
        ...{ id: userId, name, tenantId, emailVerified: true },
        email: `${name.toLowerCase().replace(" ", "-")}.demo@example.com`,
      })),
    );
    await tx
      .insert(schema.tenantMembers)
      .values(callers.map(({ userId, role }) => ({ tenantId, userId, role })));
    for (const { apiKeyId, userId, name } of callers) {
      const salt = createSalt();
      await tx.insert(schema.apiKeys).values({
        id: apiKeyId,
        tenantId,
        userId,
        createdBy: userId,
        name: `${name}'s key`,
        keyPrefix: apiKeyPrefix(apiKeyId),
        salt,
        keyHash: await hashApiKeySecret(salt, toBase64url(createSecret())),
        lastUsed: new Date(now),
      });
    }
    return callers;
  });
}

async function listServers(db: NodePgDatabase, tenantId: string): Promise<readonly DemoServer[]> {
  const rows = await db
    .select()
    .from(schema.mcpServers)
    .where(
      and(eq(schema.mcpServers.tenantId, tenantId), inArray(schema.mcpServers.name, Object.keys(TOOLS))),
    );
  return rows.map(({ id, name }) => ({ id, name, tools: TOOLS[name] ?? [] }));
}
