/** Classes of failed requests: every code in the logs is in one class. */
import { ERROR_CODES, ERROR_TITLES, type ErrorCode } from "../error-codes.ts";
import { jsonRpcError } from "../mcp/responses.ts";

export const ERROR_CLASSES = ["caller", "refused", "limited", "server", "tool", "gateway"] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

export interface ErrorDescription {
  readonly class: ErrorClass;
  readonly title: string;
}

/** JSON-RPC 2.0 §5.1, and what MCP adds to it. */
const JSON_RPC: Readonly<Record<string, ErrorDescription>> = {
  "-32700": { class: "caller", title: "Invalid JSON" },
  "-32600": { class: "caller", title: "Invalid request" },
  "-32601": { class: "caller", title: "Unknown method" },
  "-32602": { class: "caller", title: "Invalid parameters" },
  "-32603": { class: "server", title: "Internal server error (upstream)" },
  "-32002": { class: "caller", title: "Unknown resource" },
};

const REFUSED = new Set<ErrorCode>(["unauthorized", "forbidden"]);
const LIMITED = new Set<ErrorCode>(["too_many_requests", "budget_exceeded", "limits_unavailable"]);
const OURS = new Set<ErrorCode>(["internal", "configuration", "database_unavailable", "cancelled"]);

/** `code` as the rollups' dimension of errors has it. */
export function classifyError(code: string): ErrorDescription {
  // The sums of calls have "tool", the request log "tool_error".
  if (code === "tool" || code === "tool_error") return { class: "tool", title: "Tool error" };
  if (code === "rpc_error") return { class: "server", title: "JSON-RPC error" };
  const known = JSON_RPC[code];
  if (known !== undefined) return known;
  const ours = ERROR_CODES.find((name) => name === code) ?? jsonRpcError(Number(code));
  if (ours !== undefined) return { class: codeClass(ours), title: ERROR_TITLES[ours] };
  const status = /^http_(\d{3})$/.exec(code)?.[1];
  if (status !== undefined) return { class: statusClass(Number(status)), title: `HTTP ${status}` };
  return { class: "server", title: `Upstream error ${code}` };
}

function statusClass(status: number): ErrorClass {
  if (status === 401 || status === 403) return "refused";
  if (status === 429) return "limited";
  return status >= 500 ? "gateway" : "caller";
}

function codeClass(code: ErrorCode): ErrorClass {
  if (REFUSED.has(code)) return "refused";
  if (LIMITED.has(code)) return "limited";
  if (OURS.has(code)) return "gateway";
  return code.startsWith("upstream_") || code === "maintenance" ? "server" : "caller";
}
