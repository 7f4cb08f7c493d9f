/** The kinds of traffic as the pages name them. */
import { TRAFFIC_KINDS, type TrafficKind } from "../../core/analytics/dimensions.ts";

export const TRAFFIC_KIND_LABELS: Readonly<Record<TrafficKind, string>> = {
  call: "MCP calls",
  mcp: "MCP requests",
  rest: "REST API requests",
  page: "Admin UI requests",
};

export const TRAFFIC_KIND_OPTIONS = TRAFFIC_KINDS.map((kind) => ({
  value: kind,
  label: TRAFFIC_KIND_LABELS[kind],
}));
