/**
 * The metrics that collectors are sent. All totals count from the midnight of UTC on, so that a collector which missed
 * a minute still has the sum. Names follow the OpenTelemetry semantic conventions for MCP where these have one.
 */
export interface MetricDefinition {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: "histogram" | "counter" | "gauge";
}

const counter = (name: string, unit: string, description: string) =>
  ({ name, description, unit, type: "counter" }) as const satisfies MetricDefinition;

export const METRICS = {
  operationDuration: {
    name: "mcp.server.operation.duration",
    description: "Duration of MCP operations that the gateway served, by method.",
    unit: "s",
    type: "histogram",
  },
  toolDuration: {
    name: "mcp.client.operation.duration",
    description: "Duration of the gateway's tool calls at its servers, by server and tool.",
    unit: "s",
    type: "histogram",
  },
  requestDuration: {
    name: "http.server.request.duration",
    description: "Duration of HTTP requests, by entry point.",
    unit: "s",
    type: "histogram",
  },
  operationErrors: counter(
    "mcp.gateway.operation.errors",
    "{operation}",
    "Failed MCP operations, by reason.",
  ),
  requestErrors: counter("mcp.gateway.request.errors", "{request}", "Failed HTTP requests, by entry point."),
  requestBytes: counter("mcp.gateway.request.io", "By", "Bytes of HTTP request bodies, by entry point."),
  toolErrors: counter("mcp.gateway.tool.errors", "{call}", "Failed tool calls, by server and tool."),
  toolCost: counter("mcp.gateway.tool.cost", "{unit}", "Cost of tool calls, by server and tool."),
  serverRequests: counter("mcp.gateway.server.operations", "{operation}", "MCP operations, by server."),
  serverErrors: counter("mcp.gateway.server.errors", "{operation}", "Failed MCP operations, by server."),
  serverUp: {
    name: "mcp.gateway.server.up",
    description: "1 if the server answers health checks, otherwise 0.",
    unit: "1",
    type: "gauge",
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof METRICS;
