/**
 * Which headers cross the gateway. Lists of what may, not of what may not: a header that nobody thought of stays
 * here, except those of the protocol, which cross whatever they are called.
 */
const REQUEST = new Set([
  "accept",
  "accept-language",
  "baggage",
  "content-type",
  "last-event-id",
  "traceparent",
  "tracestate",
  "user-agent",
]);

const RESPONSE = new Set([
  "allow",
  "cache-control",
  "content-language",
  "content-type",
  "retry-after",
  "x-accel-buffering",
]);

/** What describes the request itself, not the message or the connection: it goes with it in whatever form. */
const CONTEXT = new Set(["accept-language", "baggage", "traceparent", "tracestate", "user-agent"]);

export function contextHeaders(incoming: Headers): Headers {
  const picked = new Headers();
  for (const [name, value] of incoming) if (CONTEXT.has(name)) picked.append(name, value);
  return picked;
}

const isProtocols = (name: string) => name.startsWith("mcp-");

export function requestHeaders(incoming: Headers): Headers {
  return pick(incoming, REQUEST);
}

export function responseHeaders(incoming: Headers): Headers {
  return pick(incoming, RESPONSE);
}

function pick(from: Headers, allowed: ReadonlySet<string>): Headers {
  const picked = new Headers();
  for (const [name, value] of from) if (allowed.has(name) || isProtocols(name)) picked.append(name, value);
  return picked;
}
