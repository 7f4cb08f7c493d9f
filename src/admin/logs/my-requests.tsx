/** The requests of the signed-in user: those of their clients, of their API keys and of the playground. */
import { Hono } from "hono";
import { z } from "zod";
import { TRAFFIC_KIND_OPTIONS } from "../analytics/kinds.ts";
import { LinkButton } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { listRoutes } from "../lists/routes.tsx";
import { type ListSpec, PERIOD_FILTER } from "../lists/spec.ts";
import { serverOptions } from "../lookups/choices.ts";
import { loadNames } from "../lookups/record-names.tsx";
import { OUTCOMES, REQUEST_COLUMNS, requestShape } from "./request-rows.tsx";

const rowShape = requestShape.extend({ serverName: z.string().optional() });
type Row = z.output<typeof rowShape>;

const list: ListSpec<Row> = {
  path: "/admin/my-requests",
  api: "/me/requests",
  shape: rowShape,
  label: "My requests",
  usual: "",
  search: "Tool, method, path, client, error or request ID",
  async complete(rest, rows) {
    const nameOf = await loadNames(rest, { server: rows.map(({ targetServerId }) => targetServerId) });
    return rows.map((row) => ({ ...row, serverName: nameOf("server", row.targetServerId) }));
  },
  filters: [
    { name: "kind", label: "Traffic", kind: "choice", options: TRAFFIC_KIND_OPTIONS, initial: "call" },
    { name: "outcome", label: "Outcome", kind: "choice", options: OUTCOMES },
    { name: "targetServerId", label: "Server", kind: "choice", options: serverOptions },
    { name: "toolName", label: "Tool", kind: "text" },
    PERIOD_FILTER,
  ],
  columns: [
    REQUEST_COLUMNS.time,
    REQUEST_COLUMNS.request,
    { name: "serverName", label: "Server", show: ({ serverName }) => serverName ?? "" },
    REQUEST_COLUMNS.client,
    REQUEST_COLUMNS.outcome,
    REQUEST_COLUMNS.duration,
    REQUEST_COLUMNS.reason,
    {
      ...{ name: "requestId", label: "Request ID" },
      show: ({ requestId }) => <code>{requestId ?? ""}</code>,
    },
  ],
  empty: {
    title: "No requests in the last 24 hours",
    says: "Requests of your clients, API keys and the playground appear here a few seconds after they complete.",
    action: <LinkButton to="/admin/connect">Connect a client</LinkButton>,
  },
};

export const myRequests = new Hono<AdminEnv>().route(
  "/",
  listRoutes({
    title: "My requests",
    intro: "MCP calls of the last 24 hours by default.",
    action: "me.read",
    list,
  }),
);
