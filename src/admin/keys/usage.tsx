/** What a key was used for in the last week; it comes after the key's page. */

import { Hono } from "hono";
import { z } from "zod";
import { HOUR_MS } from "../../core/durations.ts";
import { TrafficBars } from "../charts/traffic.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { KEYS } from "./key.ts";

const HOURS = 7 * 24;

const course = z.object({
  points: z.array(z.object({ at: z.string(), requests: z.number(), errors: z.number() })),
});

export const usage = new Hono<AdminEnv>().get(
  `${KEYS}/:id/usage`,
  requirePagePermission("analytics.read"),
  async (c) => {
    const last = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const times = Array.from({ length: HOURS }, (_, index) => last - (HOURS - 1 - index) * HOUR_MS);
    const { value } = await c.get("rest").read("/analytics/usage", course, {
      ...{ of: "key", member: c.req.param("id"), kind: "mcp", grain: "hour" },
      from: new Date(times[0] ?? last).toISOString(),
    });
    const known = new Map(value.points.map((point) => [Date.parse(point.at), point]));
    const points = times.map((at) => known.get(at));
    return c.html(
      <Page title="API key usage" frame={buildFrame(c)}>
        <section class="card fragment" aria-label="Usage, last 7 days">
          <TrafficBars title="MCP requests per hour, last 7 days" times={times} slots={points} />
        </section>
      </Page>,
    );
  },
);
