/** All requests: to be searched, looked at one by one, and watched as they come. */
import { Hono } from "hono";
import { LinkButton } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/require-permission.ts";
import { listRoutes } from "../lists/routes.tsx";
import type { ListSpec } from "../lists/spec.ts";
import { serverOptions } from "../lookups.ts";
import { Time } from "../ui/components.tsx";
import { requestDetail } from "./request-detail.tsx";
import { durationText, type RequestRow, requestPath, requestShape, Status, What } from "./request-rows.tsx";
import { requestTail } from "./request-tail.tsx";

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
  path: "/admin/logs",
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
    action: <LinkButton to="/admin/logs?from=2000-01-01T00:00">All time</LinkButton>,
  },
};

export const requests = new Hono<AdminEnv>()
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
        <LinkButton to="/admin/logs/live" kind="quiet">
          Live tail
        </LinkButton>
      ),
    }),
  )
  .route("/", requestDetail);
