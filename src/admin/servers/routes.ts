/** The pages of servers, in the order in which their paths are matched: /new before /:id. */
import { Hono } from "hono";
import type { AdminEnv } from "../http/page-env.ts";
import { detail } from "./detail.tsx";
import { inventory } from "./inventory.tsx";
import { serverList } from "./list.tsx";
import { registerServer } from "./register.tsx";
import { settings } from "./settings.tsx";

export const servers = new Hono<AdminEnv>()
  .route("/", serverList)
  .route("/", registerServer)
  .route("/", inventory)
  .route("/", settings)
  .route("/", detail);
