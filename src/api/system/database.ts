/** How the database is: its connections over a day, what isolates wait for it, what runs long, and what to do. */
import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { buildDatabaseReport } from "../../operations/database-report.ts";
import { responds } from "../http/responses.ts";

const sample = z.object({
  at: z.iso.datetime(),
  active: z.number(),
  idle: z.number(),
  idleInTransaction: z.number(),
  waiting: z.number(),
  connections: z.number(),
  maxConnections: z.number(),
  longestQueryMs: z.number(),
  longestTransactionMs: z.number(),
});

const report = z
  .object({
    samples: z.array(sample).describe("Samples of the last 24 hours, one per minute, newest first."),
    targets: z
      .array(
        z.object({
          name: z.string(),
          queries: z.number(),
          errors: z.number(),
          avgMs: z.number(),
          p95Ms: z.number().nullable().describe("Maximum of all isolates. Null: longer than 10 s."),
        }),
      )
      .describe("Query statistics per connection string, reported by isolates in the last 24 hours."),
    forecast: z
      .object({
        connectionsPerHour: z.number(),
        fit: z.number().describe("r²: the share of the variance that the trend explains."),
        exhaustedAt: z.iso.datetime().nullable().describe("Null: no rising trend, or not within 7 days."),
      })
      .nullable()
      .describe("Trend of open connections over the last 1440 samples. Null: fewer than 30 samples."),
    slow: z.array(
      z.object({
        query: z.string().describe("Normalized, without constants."),
        durationMs: z.number(),
        state: z.string(),
        waitsFor: z.string().nullable(),
      }),
    ),
    advice: z.array(
      z.object({
        code: z.string(),
        severity: z.enum(["info", "medium", "high"]),
        title: z.string(),
        says: z.string(),
      }),
    ),
  })
  .meta({ id: "DatabaseReport" });

export const databaseReport = new Hono<AppEnv>().get(
  "/",
  requirePermission("system.read"),
  responds(report, "The current state of the database, and samples of the last 24 hours."),
  async (c) => {
    const {
      samples,
      targets,
      slow,
      advice,
      forecast = null,
    } = await buildDatabaseReport(c.var.services.database, new Date());
    return c.json({
      samples: samples.map((each) => ({
        ...{ at: each.at, active: each.active, idle: each.idle, idleInTransaction: each.idleInTransaction },
        ...{ waiting: each.waiting, connections: each.connections, maxConnections: each.maxConnections },
        ...{ longestQueryMs: each.longestQueryMs, longestTransactionMs: each.longestTransactionMs },
      })),
      targets: targets.map(({ name, queries, errors, avgMs, p95Ms }) => ({
        name,
        queries,
        errors,
        avgMs,
        p95Ms,
      })),
      slow,
      advice,
      forecast,
    });
  },
);
