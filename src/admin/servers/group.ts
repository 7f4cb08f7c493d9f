/** The pages of servers, in the order in which their addresses are asked: /new before /:id. */
import { Hono } from "hono";
import type { AdminEnv } from "../http/require-permission.ts";
import type { PageGroup } from "../ui/navigation.ts";
import { detail } from "./detail.tsx";
import { serverList } from "./list.tsx";
import { inventory } from "./offers.tsx";
import { registerServer } from "./register.tsx";
import { settings } from "./settings.tsx";

export const servers: PageGroup = {
  nav: [
    {
      section: "Catalog",
      label: "Servers",
      path: "/admin/servers",
      action: "servers.list",
      also: "register mcp upstream health breaker",
    },
  ],
  routes: new Hono<AdminEnv>()
    .route("/", serverList)
    .route("/", registerServer)
    .route("/", inventory)
    .route("/", settings)
    .route("/", detail),
};
