/** What everybody may use: found in one list, tried in one form. */
import { Hono } from "hono";
import type { AdminEnv } from "../http/require-permission.ts";
import { listRoutes } from "../lists/routes.tsx";
import { serverOptions } from "../servers/options.ts";
import { type ToolView, toolColumns, toolView } from "../servers/tool.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { TOOLS_PATH, tool } from "./tool.tsx";

const [name, ...others] = toolColumns;

const list = listRoutes<ToolView>({
  title: "Tools",
  intro: "Tools you can call. Open one to run it in the playground.",
  action: "tools.list",
  list: {
    path: TOOLS_PATH,
    api: "/tools",
    label: "Tools",
    shape: toolView,
    usual: "name",
    search: "Name, title, description",
    filters: [{ name: "serverId", label: "Server", kind: "choice", options: serverOptions }],
    columns: [
      ...(name === undefined ? [] : [name]),
      { name: "serverName", label: "Server", show: ({ serverName }) => serverName ?? "" },
      ...others,
    ],
    rowPath: ({ id }) => `${TOOLS_PATH}/tools/${id}`,
    empty: {
      title: "No tools yet",
      says: "Tools appear after a server is registered and its capabilities are discovered.",
    },
  },
});

export const toolPages: PageGroup = {
  nav: [
    {
      section: "Home",
      label: "Tools",
      path: TOOLS_PATH,
      action: "tools.list",
      also: "playground tools call try",
    },
  ],
  routes: new Hono<AdminEnv>().route("/", list).route("/", tool),
};
