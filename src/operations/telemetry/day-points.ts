/** Converts the totals of a day to metric points. */
import { parseToolMember } from "../../core/analytics/dimensions.ts";
import type { HealthStatus } from "../../core/enums.ts";
import type { Attributes } from "../../core/telemetry/otlp.ts";
import type { MetricPoint } from "../../core/telemetry/otlp-metrics.ts";

export interface DayTotal {
  readonly tenantId: string;
  readonly kind: string;
  readonly dimension: string;
  readonly member: string;
  readonly requests: number;
  readonly errors: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly cost: number;
  readonly histogram: readonly number[];
}

export interface ServerHealth {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly healthStatus: HealthStatus;
}

export function toMetricPoints(
  totals: readonly DayTotal[],
  servers: readonly ServerHealth[],
  { hasHealth }: { readonly hasHealth: boolean },
): readonly MetricPoint[] {
  const names = new Map(servers.map(({ id, name }) => [id, name]));
  return [
    ...totals.flatMap((total) => convertTotal(total, names)),
    ...(hasHealth ? servers : []).flatMap(({ tenantId, id, name, healthStatus }): MetricPoint[] => {
      const value = UP[healthStatus];
      const attributes = { ...tenant(tenantId), ...server(id, name) };
      return value === undefined ? [] : [{ metric: "serverUp", attributes, value }];
    }),
  ];
}

const UP: { readonly [status in HealthStatus]?: number } = { healthy: 1, degraded: 1, unhealthy: 0 };

const tenant = (id: string): Attributes => ({ "mcp.gateway.tenant_id": id });
const server = (id: string, name: string | undefined): Attributes => ({
  "mcp.gateway.server_id": id,
  "mcp.gateway.server_name": name,
});

type Names = ReadonlyMap<string, string>;

function convertTotal(total: DayTotal, names: Names): MetricPoint[] {
  const ofTenant = tenant(total.tenantId);
  if (total.kind !== "call")
    return convertRequests(total, { ...ofTenant, "mcp.gateway.entry_point": total.kind });
  switch (total.dimension) {
    case "method":
      return [durations("operationDuration", { ...ofTenant, "mcp.method.name": total.member }, total)];
    case "error":
      return [count("operationErrors", { ...ofTenant, "error.type": total.member }, total.requests)];
    case "server": {
      const attributes = { ...ofTenant, ...server(total.member, names.get(total.member)) };
      return [
        count("serverRequests", attributes, total.requests),
        count("serverErrors", attributes, total.errors),
      ];
    }
    case "tool":
      return convertTool(total, ofTenant, names);
    default:
      return [];
  }
}

function convertRequests(total: DayTotal, attributes: Attributes): MetricPoint[] {
  return [
    durations("requestDuration", attributes, total),
    count("requestErrors", attributes, total.errors),
    count("requestBytes", attributes, total.requestBytes),
  ];
}

function convertTool(total: DayTotal, ofTenant: Attributes, names: Names): MetricPoint[] {
  const { serverId, tool } = parseToolMember(total.member);
  const attributes = { ...ofTenant, ...server(serverId, names.get(serverId)), "gen_ai.tool.name": tool };
  return [
    durations("toolDuration", { ...attributes, "mcp.method.name": "tools/call" }, total),
    count("toolErrors", attributes, total.errors),
    count("toolCost", attributes, total.cost),
  ];
}

const count = (metric: MetricPoint["metric"], attributes: Attributes, value: number): MetricPoint => ({
  ...{ metric, attributes, value },
});

const durations = (
  metric: MetricPoint["metric"],
  attributes: Attributes,
  { histogram, durationMs }: DayTotal,
): MetricPoint => ({ metric, attributes, histogram, sumMs: durationMs });
