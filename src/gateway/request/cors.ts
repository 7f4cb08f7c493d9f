/** Answers CORS preflights of browser-based MCP clients (Fetch standard, CORS protocol). */
import { MAX_PREFLIGHT_HEADERS_LENGTH } from "../../core/size-limits.ts";

const ALLOWED_HEADERS = [
  "accept",
  "authorization",
  "baggage",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "traceparent",
  "tracestate",
  "x-api-key",
];
const EXPOSED_HEADERS =
  "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";
const DAY = "86400";

export function preflight(request: Request, headers: Record<string, string>): Response {
  // Mcp-Param-* are named by tools, so the requested ones are allowed by their form.
  const parameters = listParamHeaders(request.headers.get("access-control-request-headers") ?? "");
  return new Response(null, {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": "POST, GET, DELETE",
      "access-control-allow-headers": [...ALLOWED_HEADERS, ...parameters].join(", "),
      "access-control-max-age": DAY,
    },
  });
}

const MAX_PARAMETERS = 50;

/** Unauthenticated callers can send this header, so parsing is linear in a bounded text. */
export function listParamHeaders(asked: string): string[] {
  if (asked.length > MAX_PREFLIGHT_HEADERS_LENGTH) return [];
  return asked
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^mcp-param-[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name))
    .slice(0, MAX_PARAMETERS);
}

export function corsHeaders(origin: string | null): Record<string, string> {
  if (origin === null) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED_HEADERS,
  };
}
