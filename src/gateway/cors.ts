/** What browsers' MCP clients must be told to be let through (Fetch standard, CORS protocol). */
const ALLOWED = [
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
const EXPOSED =
  "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";
const DAY = "86400";

export function preflight(request: Request, headers: Record<string, string>): Response {
  // Mcp-Param-* are named by tools, so the ones asked for are allowed by their form.
  const asked = (request.headers.get("access-control-request-headers") ?? "").toLowerCase().split(/\s*,\s*/);
  const parameters = asked.filter((name) => /^mcp-param-[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name));
  return new Response(null, {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": "POST, GET, DELETE",
      "access-control-allow-headers": [...ALLOWED, ...parameters.slice(0, 50)].join(", "),
      "access-control-max-age": DAY,
    },
  });
}

export function corsHeaders(origin: string | null): Record<string, string> {
  if (origin === null) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED,
  };
}
