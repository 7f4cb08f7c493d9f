/** All requests: to be searched, looked at one by one, and watched as they come. */
import { Hono } from "hono";
import { z } from "zod";
import { classifyError } from "../../core/analytics/error-classes.ts";
import { ERROR_CODES } from "../../core/error-codes.ts";
import { TRAFFIC_KIND_OPTIONS } from "../analytics/kinds.ts";
import { LinkButton } from "../forms/controls.tsx";
import type { ApiClient } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { listRoutes } from "../lists/routes.tsx";
import { type ListSpec, PERIOD_FILTER } from "../lists/spec.ts";
import { keyOptions, memberOptions, serverOptions } from "../lookups/choices.ts";
import { loadNames, RecordLink } from "../lookups/record-names.tsx";
import { requestDetail } from "./request-detail.tsx";
import { OUTCOMES, REQUEST_COLUMNS, requestPath, requestShape } from "./request-rows.tsx";
import { requestTail } from "./request-tail.tsx";

const REASONS = ["tool_error", "rpc_error", ...ERROR_CODES].map((value) => ({
  value,
  label: classifyError(value).title,
}));

const SLOW = [
  { value: "1000", label: "≥ 1 s" },
  { value: "10000", label: "≥ 10 s" },
];

const rowShape = requestShape.extend({
  userName: z.string().optional(),
  keyName: z.string().optional(),
  serverName: z.string().optional(),
});
type Row = z.output<typeof rowShape>;

async function addNames(rest: ApiClient, rows: readonly Row[]): Promise<readonly Row[]> {
  const nameOf = await loadNames(rest, {
    user: rows.map(({ userId }) => userId),
    key: rows.map(({ apiKeyId }) => apiKeyId),
    server: rows.map(({ targetServerId }) => targetServerId),
  });
  return rows.map((row) => ({
    ...row,
    userName: nameOf("user", row.userId),
    keyName: nameOf("key", row.apiKeyId),
    serverName: nameOf("server", row.targetServerId),
  }));
}

const columns: ListSpec<Row>["columns"] = [
  REQUEST_COLUMNS.time,
  REQUEST_COLUMNS.request,
  {
    ...{ name: "serverName", label: "Server" },
    show: ({ targetServerId, serverName }) => (
      <RecordLink kind="server" id={targetServerId} name={serverName} />
    ),
    plain: ({ targetServerId, serverName }) => serverName ?? targetServerId,
  },
  {
    ...{ name: "userName", label: "Principal" },
    show: ({ userId, userName }) => <RecordLink kind="user" id={userId} name={userName} />,
    plain: ({ userId, userName }) => userName ?? userId,
  },
  {
    ...{ name: "keyName", label: "API key" },
    show: ({ apiKeyId, keyName }) => <RecordLink kind="key" id={apiKeyId} name={keyName} />,
    plain: ({ apiKeyId, keyName }) => keyName ?? apiKeyId,
  },
  REQUEST_COLUMNS.client,
  REQUEST_COLUMNS.outcome,
  REQUEST_COLUMNS.duration,
  REQUEST_COLUMNS.reason,
  { name: "statusCode", label: "HTTP status", plain: ({ statusCode }) => statusCode },
  { name: "requestId", label: "Request ID", plain: ({ requestId }) => requestId },
  {
    ...{ name: "clientRequestId", label: "Client request ID" },
    plain: ({ clientRequestId }) => clientRequestId,
  },
];

const list: ListSpec<Row> = {
  path: "/admin/logs",
  api: "/request-logs",
  shape: rowShape,
  label: "Requests",
  usual: "",
  search: "Tool, method, path, client, error or request ID",
  rowPath: requestPath,
  complete: addNames,
  filters: [
    { name: "kind", label: "Traffic", kind: "choice", options: TRAFFIC_KIND_OPTIONS, initial: "call" },
    { name: "outcome", label: "Outcome", kind: "choice", options: OUTCOMES },
    { name: "errorCode", label: "Reason", kind: "choice", options: REASONS },
    { name: "targetServerId", label: "Server", kind: "choice", options: serverOptions },
    { name: "toolName", label: "Tool", kind: "text" },
    { name: "userId", label: "Principal", kind: "choice", options: memberOptions },
    { name: "apiKeyId", label: "API key", kind: "choice", options: keyOptions },
    { name: "clientName", label: "Client", kind: "text" },
    { name: "minDurationMs", label: "Duration", kind: "choice", options: SLOW },
    { name: "requestId", label: "Request ID", kind: "text" },
    PERIOD_FILTER,
  ],
  columns,
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
      intro: "MCP calls of the last 24 hours by default.",
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
