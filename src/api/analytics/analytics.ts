/** A tenant's traffic, from the rollups: over time, by whom and what, how quickly, and what went wrong. */

import { Hono } from "hono";
import { z } from "zod";
import { DIMENSIONS } from "../../core/analytics/dimensions.ts";
import { classifyError, ERROR_CLASSES } from "../../core/analytics/error-classes.ts";
import { buildHeatMap } from "../../core/analytics/heat-map.ts";
import { LATENCY_BOUNDS_MS } from "../../core/analytics/histogram.ts";
import { computeMetrics, sumTraffic } from "../../core/analytics/traffic-metrics.ts";
import { isTimeZone } from "../../core/time-zone.ts";
import {
  listTopMembers,
  listTopMembersWithLatency,
  loadRolledUpAt,
  loadTrafficSeries,
  type TrafficQuery,
} from "../../db/queries/traffic/analytics.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { query } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import {
  figures,
  resolvePeriod,
  seriesQuery,
  type TrafficPeriod,
  topQuery,
  trafficPeriod,
  trafficQuery,
} from "./schemas.ts";

const dimension = z.enum(DIMENSIONS);
const series = trafficPeriod.extend({
  of: dimension,
  member: z.string(),
  totals: figures,
  points: z.array(figures.extend({ at: z.iso.datetime() })),
});
const latency = trafficPeriod.extend({
  totals: figures,
  buckets: z.array(z.object({ fromMs: z.number(), toMs: z.number().nullable(), requests: z.number().int() })),
});
const top = trafficPeriod.extend({
  of: dimension,
  items: z.array(figures.extend({ member: z.string(), name: z.string().nullable() })),
});
const errors = trafficPeriod.extend({
  items: z.array(
    z.object({
      code: z.string(),
      class: z.enum(ERROR_CLASSES),
      title: z.string(),
      requests: z.number().int(),
      share: z.number().describe("Share of all errors in the period."),
    }),
  ),
});
const heat = trafficPeriod.extend({
  timeZone: z.string(),
  cells: z.array(
    z.object({
      weekday: z.number().int().describe("1 = Monday."),
      hour: z.number().int(),
      requests: z.number().int(),
      errors: z.number().int(),
      avgMs: z.number().nullable(),
    }),
  ),
});

const timeZone = z
  .string()
  .max(100)
  .refine(isTimeZone, "must be an IANA time zone")
  .default("UTC")
  .meta({ examples: ["Europe/Berlin"] });

const reading = (c: ApiContext) => c.var.services.database.withTenant(c.var.principal.tenantId, "read");

/** Every tenant may see the value, and no tenant may read the table. */
async function asOf(c: ApiContext): Promise<Date | null> {
  const [row] = await loadRolledUpAt(c.var.services.database.asSystem("read"));
  return row?.at ?? null;
}

const trafficOf = (c: ApiContext, asked: TrafficPeriod, kind: TrafficQuery["kind"]): TrafficQuery => ({
  ...asked,
  kind,
  tenantId: c.var.principal.tenantId,
});

async function seriesOf(c: ApiContext, { of, member = "", kind, ...asked }: z.infer<typeof seriesQuery>) {
  const span = resolvePeriod(asked, new Date());
  const [rows, at] = await Promise.all([
    loadTrafficSeries(reading(c), { ...trafficOf(c, span, kind), dimension: of, member }),
    asOf(c),
  ]);
  return { ...span, kind, asOf: at, rows };
}

export const analytics = new Hono<AppEnv>()
  .get(
    "/usage",
    requirePermission("analytics.read"),
    query(seriesQuery),
    responds(series, "Traffic over time; slots without requests are omitted."),
    async (c) => {
      const { of, member = "" } = c.req.valid("query");
      const { rows, ...said } = await seriesOf(c, c.req.valid("query"));
      const points = rows.map((row) => ({ at: row.at, ...computeMetrics(row) }));
      return c.json({ ...said, of, member, totals: computeMetrics(sumTraffic(rows)), points });
    },
  )
  .get(
    "/latency",
    requirePermission("analytics.read"),
    query(seriesQuery),
    responds(latency, "Latency histogram."),
    async (c) => {
      const { rows, ...said } = await seriesOf(c, c.req.valid("query"));
      const all = sumTraffic(rows);
      const buckets = [...LATENCY_BOUNDS_MS, null].map((toMs, slot) => ({
        fromMs: LATENCY_BOUNDS_MS[slot - 1] ?? 0,
        toMs,
        requests: all.histogram[slot] ?? 0,
      }));
      return c.json({ ...said, totals: computeMetrics(all), buckets });
    },
  )
  .get(
    "/top",
    requirePermission("analytics.read"),
    query(topQuery),
    responds(top, "Entries with the most requests, with their current names."),
    async (c) => {
      const { of, by, limit, kind, ...asked } = c.req.valid("query");
      const span = resolvePeriod(asked, new Date());
      const [rows, at] = await Promise.all([
        listTopMembersWithLatency(reading(c), { ...trafficOf(c, span, kind), dimension: of, by, limit }),
        asOf(c),
      ]);
      const items = rows.map((row) => ({ member: row.member, name: row.name, ...computeMetrics(row) }));
      return c.json({ ...span, kind, asOf: at, of, items });
    },
  )
  .get(
    "/errors",
    requirePermission("analytics.read"),
    query(trafficQuery),
    responds(errors, "Errors by type."),
    async (c) => {
      const { kind, ...asked } = c.req.valid("query");
      const span = resolvePeriod(asked, new Date());
      const [rows, at] = await Promise.all([
        listTopMembers(reading(c), {
          ...trafficOf(c, span, kind),
          dimension: "error",
          by: "requests",
          limit: 100,
        }),
        asOf(c),
      ]);
      const all = rows.reduce((sum, { requests }) => sum + requests, 0);
      const items = rows.map(({ member: code, requests }) => ({
        code,
        ...classifyError(code),
        requests,
        share: requests / all,
      }));
      return c.json({ ...span, kind, asOf: at, items });
    },
  )
  .get(
    "/heat-map",
    requirePermission("analytics.read"),
    query(trafficQuery.omit({ grain: true }).extend({ timeZone })),
    responds(heat, "Requests by hour of week in the period."),
    async (c) => {
      const { kind, timeZone, ...asked } = c.req.valid("query");
      const span = resolvePeriod({ ...asked, grain: "hour" }, new Date());
      const [rows, at] = await Promise.all([
        loadTrafficSeries(reading(c), trafficOf(c, span, kind)),
        asOf(c),
      ]);
      return c.json({ ...span, kind, asOf: at, timeZone, cells: buildHeatMap(rows, timeZone) });
    },
  );
