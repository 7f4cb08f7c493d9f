/** The prompts and the resources of all servers that the member can use. */
import { z } from "zod";
import { listRoutes } from "../lists/routes.tsx";
import { serverOptions } from "../lookups/choices.ts";
import { accessFilter, resourceColumns, resourceShape } from "../servers/resource-columns.tsx";
import { serverPath } from "../servers/server.ts";

const common = z.object({
  id: z.string(),
  serverId: z.string(),
  serverName: z.string().nullable(),
  name: z.string(),
  description: z.string().nullable(),
});
const promptView = common.extend({ title: z.string().nullable() });
const resourceView = common.extend(resourceShape.shape);

const serverFilter = { name: "serverId", label: "Server", kind: "choice", options: serverOptions } as const;

function serverColumn<Row extends z.infer<typeof common>>() {
  return {
    name: "serverName",
    label: "Server",
    show: ({ serverId, serverName }: Row) => <a href={serverPath(serverId)}>{serverName}</a>,
    plain: ({ serverName }: Row) => serverName,
  };
}

export const prompts = listRoutes<z.infer<typeof promptView>>({
  title: "Prompts",
  intro: "Prompts of the servers you can access.",
  action: "prompts.list",
  list: {
    path: "/admin/tools/prompts",
    api: "/prompts",
    label: "Prompts",
    shape: promptView,
    usual: "name",
    search: "Name, title, description",
    filters: [serverFilter],
    columns: [
      { name: "name", label: "Prompt", sorts: true, show: ({ name }) => <code>{name}</code> },
      serverColumn(),
      { name: "title", label: "Title", show: ({ title }) => title ?? "" },
      { name: "description", label: "Description", show: ({ description }) => description ?? "" },
    ],
    empty: {
      title: "No prompts yet",
      says: "Prompts appear after a server with prompts is registered and its capabilities are discovered.",
    },
  },
});

export const resources = listRoutes<z.infer<typeof resourceView>>({
  title: "Resources",
  intro: "Resources and resource templates of the servers you can access.",
  action: "resources.list",
  list: {
    path: "/admin/tools/resources",
    api: "/resources",
    label: "Resources",
    shape: resourceView,
    usual: "uriTemplate",
    search: "Name, URI, description",
    filters: [serverFilter, accessFilter],
    columns: [
      {
        ...{ name: "uriTemplate", label: "URI", sorts: true },
        show: ({ uriTemplate }) => <code>{uriTemplate}</code>,
      },
      serverColumn(),
      ...resourceColumns,
    ],
    empty: {
      title: "No resources yet",
      says: "Resources appear after a server with resources is registered and its capabilities are discovered.",
    },
  },
});
