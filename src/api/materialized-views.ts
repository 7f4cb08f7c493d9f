/** Views that are refreshed on schedule. They describe the database, not a tenant. */
import { Hono } from "hono";
import { listViews } from "../db/queries/operations.ts";
import { materializedViews as table } from "../db/schema/operations.ts";
import type { AppEnv } from "../edge/context.ts";
import { guard } from "../policy/guard.ts";
import { givesPage } from "./answers.ts";
import { columnsOf, shapeOf } from "./collection/shape.ts";

const shape = shapeOf(columnsOf(table));

export const views = new Hono<AppEnv>().get(
  "/",
  guard("system.read"),
  givesPage(shape, "All of them."),
  async (c) => {
    const items = await listViews(c.var.services.database.asSystem());
    return c.json({ items, nextCursor: null });
  },
);
