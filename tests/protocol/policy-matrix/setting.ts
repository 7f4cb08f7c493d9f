/** The one gateway of the policy matrix, and for each cell a tenant, servers and a client of its own. */
import { and, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { vi } from "vitest";
import { z } from "zod";
import { parseApiKey } from "../../../src/core/access/api-key.ts";
import { UNAVAILABLE_META } from "../../../src/core/mcp/merge-lists.ts";
import { TOOLSET_KINDS } from "../../../src/core/toolsets/toolset.ts";
import * as schema from "../../../src/db/schema/index.ts";
import {
  databaseOfThisRun,
  type KeyOptions,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";
import {
  type Answer,
  type AskOptions,
  connectClient,
  type PolicyClient,
} from "../../fixtures/policy-clients.ts";
import { type PolicyServer, startPolicyServer } from "../../fixtures/policy-servers.ts";
import type { Cell } from "./cells.ts";
import { LogReader } from "./logs.ts";

const ANSWER_TIMEOUT_MS = 60_000;

export interface SettingOptions {
  /** Further servers of the cell's kind beside the first; a routing rule leads to all of them. */
  readonly others?: readonly string[];
  readonly strategy?: "round_robin" | "priority-failover";
  /** A modern server that no policy concerns. */
  readonly bystander?: true;
  readonly key?: KeyOptions;
  readonly serverSettings?: Record<string, unknown>;
  readonly maxConcurrency?: number;
  /** Limits of the first server and its tools, per minute. */
  readonly limits?: readonly {
    readonly subjectType: "server" | "tool";
    readonly toolName?: string;
    readonly limitCount: number;
  }[];
  /** A budget of the tenant for the day. */
  readonly budget?: number;
  /** Denied to the key, or to a group that its owner is in. */
  readonly deny?: {
    readonly kind: "tool" | "resource" | "prompt";
    readonly pattern: string;
    readonly group?: true;
  };
}

export interface Setting {
  readonly cell: Cell;
  readonly tenantId: string;
  /** Of the client's key. */
  readonly keyId: string;
  /** A further client of the cell's kind. */
  connect(): Promise<PolicyClient>;
  /** The client that the others of these functions use. */
  reuse(): Promise<PolicyClient>;
  /** The cell's first server. */
  readonly server: PolicyServer;
  readonly serverId: string;
  readonly servers: readonly PolicyServer[];
  readonly serverIds: readonly string[];
  readonly logs: LogReader;
  ask(method: string, params?: Record<string, unknown>, options?: AskOptions): Promise<Answer>;
  call(tool: string, options?: AskOptions): Promise<Answer>;
  /** A request of the tenant's administrator over REST. */
  administer(method: string, path: string, body?: object): Promise<unknown>;
  /** A call to the bystander, by a client that has nothing to do with the cell's. */
  callBystander(): Promise<void>;
}

let gateway: TestGateway;
let pool: pg.Pool;
let logs: LogReader;

export async function openMatrix(): Promise<void> {
  gateway = await startGateway(databaseOfThisRun());
  pool = new pg.Pool({ connectionString: databaseOfThisRun().ownerUrl, max: 4 });
  logs = new LogReader(pool);
}

export async function closeMatrix(): Promise<void> {
  await gateway?.close();
  await pool?.end();
}

/** Runs `check` in a setting of the cell's own, whose client has the lists of its servers. */
export async function inSetting(
  cell: Cell,
  options: SettingOptions,
  check: (setting: Setting) => Promise<void>,
): Promise<void> {
  const names = ["first", ...(options.others ?? [])];
  const servers = await Promise.all(names.map((name) => startPolicyServer(name, cell.server)));
  const bystander = options.bystander && (await startPolicyServer("other", "modern HTTP"));
  const all = bystander ? [...servers, bystander] : servers;
  let client: PolicyClient | undefined;
  try {
    const { tenant, ids } = await addTenant(all, options);
    const key = options.key === undefined ? tenant.apiKey : await tenant.addKey(options.key);
    if (options.deny !== undefined) await deny(tenant, key, options.deny);
    const url = gateway.url + PATHS[cell.endpoint];
    const clients = {
      keyId: parseApiKey(key)?.id ?? "",
      connect: () => connectClient(cell.client, { url, key }),
      async reuse() {
        client ??= await clients.connect();
        return client;
      },
    };
    const setting = settingOf(cell, tenant, servers, ids, clients);
    await vi.waitFor(() => expectList(setting), { timeout: 40_000, interval: 500 });
    await check(setting);
  } finally {
    await client?.close().catch(() => undefined);
    await Promise.all(all.map((server) => server.stop()));
  }
}

const PATHS: Readonly<Record<Cell["endpoint"], string>> = {
  "server endpoint": "/mcp/first",
  "aggregated endpoint": "/mcp",
  "toolset endpoint": "/mcp/toolsets/all",
};

/** Once every server is in the list, the gateway has the inventory and the era of each. */
async function expectList(setting: Setting): Promise<void> {
  const { message } = await setting.ask("tools/list");
  if (message.result === undefined) throw new Error(`no list: ${JSON.stringify(message)}`);
  const { _meta } = unavailable.parse(message.result);
  if (_meta !== undefined) throw new Error(`incomplete list: ${JSON.stringify(_meta)}`);
}

const unavailable = z.object({
  _meta: z
    .object({ [UNAVAILABLE_META]: z.unknown() })
    .optional()
    .catch(undefined),
});

function settingOf(
  cell: Cell,
  tenant: TestTenant,
  servers: readonly PolicyServer[],
  serverIds: readonly string[],
  clients: Pick<Setting, "keyId" | "connect" | "reuse">,
): Setting {
  const [server] = servers;
  const [serverId] = serverIds;
  if (server === undefined || serverId === undefined) throw new Error("a setting without a server");
  const ask: Setting["ask"] = (method, params = {}, options = {}) => {
    const answered = clients.reuse().then((client) => inTime(client.ask(method, params, options), method));
    // Some cells await an answer only after they have done other things.
    answered.catch(() => undefined);
    return answered;
  };
  let administrator: Promise<string> | undefined;
  return {
    ...clients,
    ...{ cell, tenantId: tenant.id, server, serverId, servers, serverIds, logs, ask },
    call: (tool, options) => ask("tools/call", { name: tool, arguments: {} }, options),
    async administer(method, path, body) {
      administrator ??= tenant.addKey({ role: "admin", scopes: ["admin"] });
      const headers = { authorization: `Bearer ${await administrator}`, "content-type": "application/json" };
      const sent = body === undefined ? null : JSON.stringify(body);
      const response = await fetch(`${gateway.url}/api/v1${path}`, { method, headers, body: sent });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    async callBystander() {
      const endpoint = { url: `${gateway.url}/mcp/other`, key: tenant.apiKey };
      const other = await connectClient("2026-07-28", endpoint);
      const { message } = await other.ask("tools/call", { name: "read", arguments: {} });
      if (message.result === undefined) throw new Error(`the bystander failed: ${JSON.stringify(message)}`);
    },
  };
}

async function inTime<Result>(work: Promise<Result>, what: string): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${what} got no answer within ${ANSWER_TIMEOUT_MS} ms`)),
    ANSWER_TIMEOUT_MS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function addTenant(servers: readonly PolicyServer[], options: SettingOptions) {
  const { serverSettings, maxConcurrency, strategy, budget, limits = [] } = options;
  // Without prefixes, servers with the same tools stand in for each other.
  const tenant = await gateway.addTenant({
    settings: { naming: { prefix: "never" } },
    servers: servers.map(({ name, url, transport }) => ({
      ...{ name, url, transport },
      ...(serverSettings !== undefined && name !== "other" && { settings: serverSettings }),
    })),
  });
  const db = drizzle(pool);
  const { mcpServers } = schema;
  const rows = await db.select().from(mcpServers).where(eq(mcpServers.tenantId, tenant.id));
  const ids = servers.map((server) => rows.find(({ name }) => name === server.name)?.id ?? "");
  const members = TOOLSET_KINDS.map((kind) => ({ kind }));
  await db.insert(schema.toolsets).values({ tenantId: tenant.id, slug: "all", title: "All", members });
  if (maxConcurrency !== undefined) {
    const isFirst = and(eq(mcpServers.tenantId, tenant.id), eq(mcpServers.name, "first"));
    await db.update(mcpServers).set({ maxConcurrency }).where(isFirst);
  }
  if (limits.length > 0) {
    const serverId = ids[0];
    await db
      .insert(schema.rateLimitConfigs)
      .values(limits.map((limit) => ({ tenantId: tenant.id, serverId, ...limit })));
  }
  if (budget !== undefined) {
    await db
      .insert(schema.budgets)
      .values({ tenantId: tenant.id, name: "Day", subjectType: "tenant", period: "day", amount: budget });
  }
  if (strategy !== undefined) {
    await db.insert(schema.routingRules).values({
      tenantId: tenant.id,
      name: "all servers",
      targetServers: ids,
      loadBalancingStrategy: strategy,
    });
  }
  return { tenant, ids };
}

/** Before the tenant's first request, so that its snapshot holds the rule. */
async function deny(tenant: TestTenant, apiKey: string, denied: NonNullable<SettingOptions["deny"]>) {
  const subjectId =
    denied.group === true ? await joinGroup(tenant.id, apiKey) : (parseApiKey(apiKey)?.id ?? "");
  await drizzle(pool)
    .insert(schema.serverAccessControls)
    .values({
      tenantId: tenant.id,
      subjectType: denied.group === true ? "group" : "key",
      subjectId,
      objectType: denied.kind,
      objectPattern: denied.pattern,
      effect: "deny",
    });
}

/** A group with the owner of the key. */
async function joinGroup(tenantId: string, apiKey: string): Promise<string> {
  const db = drizzle(pool);
  const [key] = await db
    .select({ userId: schema.apiKeys.userId })
    .from(schema.apiKeys)
    .where(eq(schema.apiKeys.id, parseApiKey(apiKey)?.id ?? ""));
  if (key?.userId == null) throw new Error("a key without an owner is in no group");
  const [group] = await db.insert(schema.groups).values({ tenantId, name: "Guests" }).returning();
  if (group === undefined) throw new Error("no group was made");
  await db.insert(schema.groupMembers).values({ tenantId, groupId: group.id, userId: key.userId });
  return group.id;
}
