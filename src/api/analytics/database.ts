/** Table sizes and index usage of the whole database, for operators. */
import { Hono } from "hono";
import { z } from "zod";
import { getDatabaseSizeSummary, getIndexUsageSummary } from "../../db/queries/traffic/reports.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { respondsPage } from "../http/responses.ts";

const count = z.number().int();

const size = z.object({
  tableName: z.string(),
  estimatedRows: count,
  dataBytes: count,
  indexBytes: count,
  totalBytes: count,
  dataSize: z.string(),
  indexSize: z.string(),
  totalSize: z.string(),
});

const indexUse = z.object({
  tableName: z.string(),
  indexName: z.string(),
  scans: count,
  tuplesRead: count,
  tuplesFetched: count,
  sizeBytes: count,
  indexSize: z.string(),
  usage: z.enum(["Unused", "Low usage", "Active"]),
});

export const databaseReports = new Hono<AppEnv>()
  .get(
    "/database-sizes",
    requirePermission("system.read"),
    respondsPage(size, "Tables, by size."),
    async (c) => {
      const items = await getDatabaseSizeSummary(c.var.services.database.asSystem());
      return c.json({ items, nextCursor: null });
    },
  )
  .get(
    "/index-usage",
    requirePermission("system.read"),
    respondsPage(indexUse, "Indexes, by number of scans."),
    async (c) => {
      const items = await getIndexUsageSummary(c.var.services.database.asSystem());
      return c.json({ items, nextCursor: null });
    },
  );
