/** All requests: to be searched, looked at one by one, and watched as they come. */
import { Hono } from "hono";
import { z } from "zod";
import { LinkButton } from "../forms/controls.tsx";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/require-permission.ts";
import { listRoutes } from "../lists/routes.tsx";
import type { ListSpec } from "../lists/spec.ts";
import { Time } from "../ui/components.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { requestDetail } from "./request-detail.tsx";
import { durationText, type RequestRow, requestPath, requestShape, Status, What } from "./request-rows.tsx";
import { requestTail } from "./request-tail.tsx";

const named = z.object({ id: z.string(), name: z.string() });

export async function serverOptions(rest: ApiClient) {
  const { value } = await rest.read("/servers", pageShape(named), {
    limit: 200,
    sort: "name",
    fields: "id,name",
  });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}

const FAILURES = [
  { value: "400", label: "Error" },
  { value: "500", label: "Server errors" },
];

const ENTRY_POINTS = [
  { value: "mcp", label: "MCP" },
  { value: "rest", label: "REST" },
  { value: "page", label: "Admin UI" },
];

const SLOW = [
  { value: "1000", label: "≥ 1 s" },
  { value: "10000", label: "≥ 10 s" },
];

const list: ListSpec<RequestRow> = {
  path: "/admin/requests",
  api: "/request-logs",
  shape: requestShape,
  label: "Requests",
  usual: "",
  search: "Tool, method, path, client or error",
  rowPath: requestPath,
  filters: [
    { name: "kind", label: "Entry point", kind: "choice", options: ENTRY_POINTS },
    { name: "targetServerId", label: "Server", kind: "choice", options: serverOptions },
    { name: "minStatus", label: "Outcome", kind: "choice", options: FAILURES },
    { name: "minDurationMs", label: "Duration", kind: "choice", options: SLOW },
    { name: "requestId", label: "Request ID", kind: "text" },
    { name: "from", label: "From (UTC)", kind: "moment" },
    { name: "to", label: "To (UTC)", kind: "moment" },
  ],
  columns: [
    { name: "requestTime", label: "Time", show: ({ requestTime }) => <Time at={requestTime} /> },
    {
      name: "toolName",
      label: "Request",
      show: (request) => <What request={request} />,
      plain: ({ method, path, mcpMethod, toolName }) => toolName ?? mcpMethod ?? `${method} ${path}`,
    },
    { name: "clientName", label: "Client", show: ({ clientName }) => clientName ?? "" },
    {
      name: "statusCode",
      label: "Outcome",
      show: (request) => <Status request={request} />,
    },
    {
      name: "durationMs",
      label: "Duration",
      number: true,
      show: ({ durationMs }) => durationText(durationMs),
    },
  ],
  empty: {
    title: "No requests in the last 24 hours",
    says: "Requests appear here a few seconds after they complete. Select a longer period to see older ones.",
    action: <LinkButton to="/admin/requests?from=2000-01-01T00:00">All time</LinkButton>,
  },
};

const routes = new Hono<AdminEnv>()
  // Before the single ones, whose ids these are not.
  .route("/", requestTail)
  .route(
    "/",
    listRoutes({
      title: "Requests",
      intro: "Last 24 hours by default.",
      action: "request-logs.list",
      list,
      actions: () => (
        <LinkButton to="/admin/requests/tail" kind="quiet">
          Live tail
        </LinkButton>
      ),
    }),
  )
  .route("/", requestDetail);

export const requests: PageGroup = {
  nav: [
    {
      section: "Logs",
      label: "Requests",
      path: "/admin/requests",
      action: "request-logs.list",
      also: "log logs traffic calls live tail",
    },
  ],
  routes,
};
