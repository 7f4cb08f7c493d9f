/** Past calls for previews: of access rules from the MCP audit log, of rate limits from the sums by minute. */
import { and, desc, eq, gt, inArray, isNotNull, sql } from "drizzle-orm";
import type { Dimension } from "../../../core/analytics/dimensions.ts";
import { mcpAuditLogs } from "../../schema/logs.ts";
import { mcpServers } from "../../schema/registry.ts";
import { requestRollupsMinute } from "../../schema/rollups.ts";
import type { Queries } from "../shared/queries.ts";

/** The most recent calls that a preview of an access rule reads, so that its cost does not grow with the traffic. */
export const MAX_PREVIEWED_CALLS = 20_000;
/** A day of a hundred busy subjects. */
const MAX_SUBJECT_MINUTES = 144_000;

/** The methods that use an item of a server. */
const ITEM_METHODS = ["tools/call", "prompts/get", "resources/read"];

export function listPastCalls(db: Queries, tenantId: string, since: Date) {
  const log = mcpAuditLogs;
  const recent = db
    .select({
      at: sql<Date>`date_trunc('minute', ${log.timestamp})`.mapWith(log.timestamp).as("at"),
      userId: log.userId,
      apiKeyId: log.apiKeyId,
      roles: log.roles,
      method: log.method,
      target: log.target,
      serverId: log.serverId,
    })
    .from(log)
    .where(
      and(
        eq(log.tenantId, tenantId),
        gt(log.timestamp, since),
        inArray(log.method, ITEM_METHODS),
        isNotNull(log.target),
      ),
    )
    .orderBy(desc(log.timestamp))
    .limit(MAX_PREVIEWED_CALLS)
    .as("recent");
  const { at, userId, apiKeyId, roles, method, target, serverId } = recent;
  return db
    .select({
      ...{ at, userId, apiKeyId, roles, method, target },
      serverId: mcpServers.id,
      serverName: mcpServers.name,
      count: sql`count(*)`.mapWith(Number),
    })
    .from(recent)
    .innerJoin(mcpServers, and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, serverId)))
    .groupBy(at, userId, apiKeyId, roles, method, target, mcpServers.id, mcpServers.name);
}

interface SubjectTraffic {
  readonly tenantId: string;
  readonly dimension: Dimension;
  /** Null: each member of the dimension. */
  readonly member: string | null;
  readonly since: Date;
}

/** MCP and REST requests by minute of one member of a dimension, or of each; calls for servers and tools. */
export function listSubjectMinutes(db: Queries, { tenantId, dimension, member, since }: SubjectTraffic) {
  const rollups = requestRollupsMinute;
  const kinds = dimension === "server" || dimension === "tool" ? ["call"] : ["mcp", "rest"];
  return db
    .select({
      member: rollups.member,
      at: rollups.at,
      requests: sql`sum(${rollups.requests})`.mapWith(Number),
    })
    .from(rollups)
    .where(
      and(
        eq(rollups.tenantId, tenantId),
        inArray(rollups.kind, kinds),
        eq(rollups.dimension, dimension),
        member === null ? undefined : eq(rollups.member, member),
        gt(rollups.at, since),
      ),
    )
    .groupBy(rollups.member, rollups.at)
    .orderBy(rollups.member, rollups.at)
    .limit(MAX_SUBJECT_MINUTES);
}
