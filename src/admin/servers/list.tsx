/** All servers that a person may use; admins switch several at once. */
import { HEALTH_STATUSES, TRANSPORTS } from "../../core/enums.ts";
import { withUnit } from "../charts/scale.ts";
import { LinkButton } from "../forms/controls.tsx";
import { listRoutes, may } from "../lists/routes.tsx";
import { type BulkAction, type ListSpec, optionsFrom, YES_NO } from "../lists/spec.ts";
import { Badge, Time } from "../ui/components.tsx";
import { Health } from "../ui/states.tsx";
import { type ServerView, serverApi, serverPath, serverView } from "./server.ts";

const counted = (count: number) => `${count} ${count === 1 ? "server" : "servers"}`;

const switching = (name: string, label: string, isActive: boolean): BulkAction => ({
  name,
  label,
  action: "servers.update",
  run: (rest, id) => rest.send("PATCH", serverApi(id), { json: { isActive }, ifMatch: "*" }),
  done: (count) => `${counted(count)} ${isActive ? "enabled" : "disabled"}.`,
});

const bulk: readonly BulkAction[] = [
  {
    name: "discover",
    label: "Refresh capabilities",
    action: "servers.discover",
    run: (rest, id) => rest.send("POST", `${serverApi(id)}/discover`),
    done: (count) => `Refreshing capabilities of ${counted(count)}.`,
  },
  switching("on", "Enable", true),
  switching("off", "Disable", false),
];

const list: ListSpec<ServerView> = {
  path: "/admin/servers",
  api: "/servers",
  label: "Servers",
  shape: serverView,
  usual: "name",
  search: "Name, description, tag, tool",
  filters: [
    { name: "health", label: "Health", kind: "choice", options: optionsFrom(HEALTH_STATUSES) },
    { name: "transport", label: "Transport", kind: "choice", options: optionsFrom(TRANSPORTS) },
    { name: "isActive", label: "Enabled", kind: "choice", options: YES_NO },
    { name: "tag", label: "Tag", kind: "text" },
  ],
  columns: [
    {
      name: "name",
      label: "Server",
      sorts: true,
      show: ({ name, title }) => (
        <>
          {title ?? name}
          {title !== null && title !== name && <code class="quiet-text"> {name}</code>}
        </>
      ),
    },
    {
      name: "healthStatus",
      label: "Health",
      sorts: true,
      show: ({ healthStatus, isActive }) =>
        isActive ? <Health of={healthStatus} /> : <Badge tone="off">disabled</Badge>,
    },
    { name: "transportType", label: "Transport", sorts: true, show: ({ transportType }) => transportType },
    {
      name: "tags",
      label: "Tags",
      show: ({ tags }) => tags.map((tag) => <span class="tag">{tag}</span>),
      plain: ({ tags }) => tags.join(" "),
    },
    {
      name: "avgResponseTime",
      label: "Avg. latency",
      sorts: true,
      number: true,
      show: ({ avgResponseTime }) => (avgResponseTime === null ? "–" : withUnit(avgResponseTime, "ms")),
    },
    {
      name: "successRate",
      label: "Success rate",
      sorts: true,
      number: true,
      show: ({ successRate }) => (successRate === null ? "–" : withUnit(successRate * 100, "%")),
    },
    {
      name: "lastHealthCheck",
      label: "Last health check",
      sorts: true,
      show: ({ lastHealthCheck }) => <Time at={lastHealthCheck} />,
    },
  ],
  rowPath: ({ id }) => serverPath(id),
  idOf: ({ id }) => id,
  bulk,
  empty: {
    title: "No servers yet",
    says: "Register a server to make its tools available at your endpoint.",
    action: <LinkButton to="/admin/servers/new">Register a server</LinkButton>,
  },
};

export const serverList = listRoutes<ServerView>({
  title: "Servers",
  intro: "MCP servers available through your endpoint.",
  action: "servers.list",
  list,
  actions: (c) =>
    may(c, "servers.create") && (
      <>
        <LinkButton to="/admin/registry" kind="quiet">
          Import from registry
        </LinkButton>
        <LinkButton to="/admin/servers/new">Register a server</LinkButton>
      </>
    ),
});
