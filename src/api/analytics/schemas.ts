/** The query parameters and responses of the analytics routes. */

import { z } from "zod";
import { DIMENSIONS, GRAIN_MS, GRAINS, type Grain, TRAFFIC_KINDS } from "../../core/analytics/dimensions.ts";
import {
  alignToGrain,
  defaultGrain,
  listBuckets,
  MAX_POINTS,
  type TimeSpan,
} from "../../core/analytics/period.ts";
import type { TrafficMetrics } from "../../core/analytics/traffic-metrics.ts";
import { DAY_MS } from "../../core/durations.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { moment } from "../http/times.ts";

const KIND =
  "`call`: MCP calls by server response. `mcp`, `rest`, `page`: HTTP requests by entry point: MCP, REST API or UI.";

export const trafficQuery = z.object({
  from: moment.optional().meta({ description: "Default: 24 hours before the end." }),
  to: moment.optional().meta({ description: "Exclusive end. Default: now." }),
  kind: z.enum(TRAFFIC_KINDS).default("call").meta({ description: KIND }),
  grain: z.enum(GRAINS).optional().meta({ description: "Default: a granularity that fits the period." }),
});

export const seriesQuery = trafficQuery.extend({
  of: z.enum(DIMENSIONS).default("all"),
  member: z
    .string()
    .max(300)
    .optional()
    .meta({ description: "ID or name. For a tool: server ID, slash, tool name." }),
});

export const topQuery = trafficQuery.extend({
  of: z.enum(DIMENSIONS).exclude(["all"]).default("tool"),
  by: z.enum(["requests", "errors", "durationMs", "requestBytes", "cost"]).default("requests"),
  limit: z.coerce.number().int().min(1).max(200).default(20),
});

const count = z.number().int();
const ms = z.number().nullable();

export const figures = z.object({
  requests: count,
  errors: count,
  errorRate: z.number(),
  avgMs: ms,
  p50Ms: ms,
  p95Ms: ms,
  p99Ms: ms,
  requestBytes: count,
  cost: count,
}) satisfies z.ZodType<TrafficMetrics>;

export const trafficPeriod = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  kind: z.enum(TRAFFIC_KINDS),
  grain: z.enum(GRAINS),
  asOf: z.iso.datetime().nullable().describe("Earlier records are in the rollups."),
});

export interface TrafficPeriod extends TimeSpan {
  readonly grain: Grain;
}

/** The whole units of the query. */
export function resolvePeriod(
  query: { from?: Date | undefined; to?: Date | undefined; grain?: Grain | undefined },
  now: Date,
): TrafficPeriod {
  const to = query.to ?? now;
  const span = { from: query.from ?? new Date(to.getTime() - DAY_MS), to };
  const grain = query.grain ?? defaultGrain(span);
  const whole = alignToGrain(span, grain);
  if (listBuckets(whole, grain) > MAX_POINTS) {
    const days = (MAX_POINTS * GRAIN_MS[grain]) / DAY_MS;
    const message = `must be at most ${days} days at granularity ${grain}`;
    throw new InvalidInputError([{ path: "from", message }]);
  }
  return { ...whole, grain };
}
