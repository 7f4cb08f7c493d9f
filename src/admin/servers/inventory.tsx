/** What one server offers: its tools, with those that wait for approval on top; its resources and prompts. */
import { Hono } from "hono";
import { z } from "zod";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { exportCsv } from "../lists/csv.ts";
import { List, loadList } from "../lists/list.tsx";
import { may } from "../lists/routes.tsx";
import type { ListSpec } from "../lists/spec.ts";
import { parseListState } from "../lists/state.ts";
import { Empty } from "../ui/components.tsx";
import { Changes, changeView } from "./changes.tsx";
import { ServerPage } from "./frame.tsx";
import { resourceColumns, resourceShape } from "./resource-columns.tsx";
import { readServer, serverPath } from "./server.ts";
import { type ToolView, toolColumns, toolView } from "./tool.tsx";

const toolsOf = (serverId: string): ListSpec<ToolView> => ({
  path: `${serverPath(serverId)}/tools`,
  api: "/tools",
  label: "Tools",
  shape: toolView,
  always: { serverId },
  usual: "name",
  search: "Name, title, description",
  columns: toolColumns,
  rowPath: ({ id }) => `/admin/tools/${id}`,
  empty: { title: "No tools yet", says: "The server has none, or discovery has not run." },
});

const prompt = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
});

const resourcesOf = (serverId: string): ListSpec<z.infer<typeof resourceShape>> => ({
  path: `${serverPath(serverId)}/resources`,
  api: "/resources",
  label: "Resources",
  shape: resourceShape,
  always: { serverId },
  usual: "uriTemplate",
  search: "Name, URI, description",
  columns: [
    {
      name: "uriTemplate",
      label: "Resource",
      sorts: true,
      show: ({ uriTemplate }) => <code>{uriTemplate}</code>,
    },
    ...resourceColumns,
  ],
  empty: { title: "No resources yet", says: "The server has none, or discovery has not run." },
});

export const inventory = new Hono<AdminEnv>()
  .get("/admin/servers/:id/tools", requirePagePermission("tools.list"), async (c) => {
    const rest = c.get("rest");
    const id = c.req.param("id");
    const spec = toolsOf(id);
    const [{ value: server }, list, changes] = await Promise.all([
      readServer(rest, id),
      loadList(
        rest,
        spec,
        parseListState(spec, (name) => c.req.query(name), c.get("timeZone")),
      ),
      may(c, "tool-changes.list")
        ? rest.read("/tool-changes", pageShape(changeView), { serverId: id, limit: 50 })
        : undefined,
    ]);
    return c.html(
      <ServerPage c={c} server={server}>
        <Changes changes={changes?.value.items ?? []} />
        <List list={list} formToken={c.get("formToken")} />
      </ServerPage>,
    );
  })
  .get("/admin/servers/:id/tools.csv", requirePagePermission("tools.list"), (c) => {
    const spec = toolsOf(c.req.param("id"));
    return exportCsv(
      c.get("rest"),
      spec,
      parseListState(spec, (name) => c.req.query(name), c.get("timeZone")),
    );
  })
  .get("/admin/servers/:id/resources", requirePagePermission("resources.list"), async (c) => {
    const rest = c.get("rest");
    const id = c.req.param("id");
    const spec = resourcesOf(id);
    const [{ value: server }, list, prompts] = await Promise.all([
      readServer(rest, id),
      loadList(
        rest,
        spec,
        parseListState(spec, (name) => c.req.query(name), c.get("timeZone")),
      ),
      rest.read("/prompts", pageShape(prompt), { serverId: id, limit: 100 }),
    ]);
    return c.html(
      <ServerPage c={c} server={server}>
        <List list={list} formToken={c.get("formToken")} />
        <section class="card" aria-label="Prompts">
          <h2>Prompts</h2>
          {prompts.value.items.length === 0 && (
            <Empty title="No prompts yet">
              <p>The server has none, or discovery has not run.</p>
            </Empty>
          )}
          <ul class="plain tight">
            {prompts.value.items.map(({ name, title, description }) => (
              <li>
                <code>{name}</code> {title} <span class="quiet-text">{description}</span>
              </li>
            ))}
          </ul>
        </section>
      </ServerPage>,
    );
  })
  .get("/admin/servers/:id/resources.csv", requirePagePermission("resources.list"), (c) => {
    const spec = resourcesOf(c.req.param("id"));
    return exportCsv(
      c.get("rest"),
      spec,
      parseListState(spec, (name) => c.req.query(name), c.get("timeZone")),
    );
  });
