/** The catalog of tools: a list and a playground. */
import { listRoutes } from "../lists/routes.tsx";
import { serverOptions } from "../lookups/choices.ts";
import { type ToolView, toolColumns, toolView } from "../servers/tool.tsx";
import { TOOLS_PATH } from "./tool.tsx";

const [name, ...others] = toolColumns;

export const toolList = listRoutes<ToolView>({
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
    rowPath: ({ id }) => `${TOOLS_PATH}/${id}`,
    empty: {
      title: "No tools yet",
      says: "Tools appear after a server is registered and its capabilities are discovered.",
    },
  },
});
