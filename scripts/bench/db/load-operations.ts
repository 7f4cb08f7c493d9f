/** The operations of the load test: what a gateway does in its database while it serves, administers and logs. */

import { uuidv7 } from "../../../src/core/ids.ts";
import { SETTING_KEYS } from "../../../src/core/settings/definitions.ts";
import type { Database } from "../../../src/db/client.ts";
import { listSlowestMcpCalls } from "../../../src/db/queries/logs/audit.ts";
import { listRequests, loadServerLatency } from "../../../src/db/queries/logs/requests.ts";
import { recordAudit, recordSecurityEvent } from "../../../src/db/queries/logs/security.ts";
import { findToolServers } from "../../../src/db/queries/servers/catalog.ts";
import { listFlags } from "../../../src/db/queries/tenants/flags.ts";
import { loadSettings } from "../../../src/db/queries/tenants/settings.ts";
import { findTenant } from "../../../src/db/queries/tenants/tenants.ts";
import { EVENT_VERSION } from "../../../src/logs/event-version.ts";
import type { LogEvent } from "../../../src/logs/events.ts";
import { writeEvents } from "../../../src/logs/sinks.ts";
import type { Weighted } from "./load-summary.ts";
import type { Sample } from "./sample.ts";

export interface LoadOperation extends Weighted {
  readonly run: (database: Database, sample: Sample) => Promise<unknown>;
}

const DAY_MS = 86_400_000;
const lastDays = (days: number) => ({ from: new Date(Date.now() - days * DAY_MS), to: new Date() });

export const LOAD_OPERATIONS: readonly LoadOperation[] = [
  {
    name: "find an organization",
    weight: 20,
    run: async (database, { tenantId }) => findTenant(database.asSystem(), tenantId),
  },
  {
    name: "load settings and flags",
    weight: 15,
    run(database, { tenantId }) {
      const db = database.withTenant(tenantId);
      return db.batch([loadSettings(db, tenantId, SETTING_KEYS), listFlags(db, tenantId)]);
    },
  },
  {
    name: "find the servers of a tool",
    weight: 15,
    run: async (database, { tenantId, toolName }) =>
      findToolServers(database.withTenant(tenantId), tenantId, toolName),
  },
  {
    name: "list requests",
    weight: 10,
    run: async (database, { tenantId }) => listRequests(database.withTenant(tenantId), tenantId, lastDays(1)),
  },
  {
    name: "list the slowest MCP calls",
    weight: 5,
    run: async (database, { tenantId }) =>
      listSlowestMcpCalls(database.withTenant(tenantId), tenantId, lastDays(7)),
  },
  {
    name: "load the latency of a server",
    weight: 5,
    run: async (database, { tenantId, serverId }) =>
      loadServerLatency(database.withTenant(tenantId), tenantId, serverId, lastDays(7)),
  },
  {
    name: "write 20 log events",
    weight: 20,
    async run(database, sample) {
      const refused = await writeEvents(
        database,
        Array.from({ length: 10 }, () => createEvents(sample)).flat(),
      );
      if (refused.length > 0) throw new Error("The database refuses log events.");
    },
  },
  {
    name: "write an audit entry",
    weight: 5,
    run: async (database, { tenantId, userId, resource }) =>
      recordAudit(database.withTenant(tenantId), {
        ...{ tenantId, userId, action: resource.action, success: true },
        ...{ resourceType: resource.resourceType, resourceId: resource.resourceId },
      }),
  },
  {
    name: "write a security event",
    weight: 5,
    run: async (database, { tenantId, ipAddress }) =>
      recordSecurityEvent(database.asSystem(), {
        ...{ type: "key.blocked", tenantId, ipAddress, description: "Written by the load test." },
      }),
  },
];

/** A tool call: its request and its MCP operation. */
function createEvents({ tenantId, serverId, toolName, userId, serverPath, ipAddress }: Sample): LogEvent[] {
  const common = { v: EVENT_VERSION, at: Date.now(), tenantId, userId } as const;
  const id = uuidv7();
  return [
    {
      ...{ ...common, kind: "request", id, requestId: id, method: "POST", path: serverPath, ipAddress },
      ...{ mcpMethod: "tools/call", toolName, targetServerId: serverId, statusCode: 200, durationMs: 12 },
    },
    {
      ...{ ...common, kind: "mcp", id: uuidv7(), requestId: id, roles: ["user"], method: "tools/call" },
      ...{ target: toolName, serverId, durationMs: 12, success: true },
    },
  ];
}
