// Serves the revisions up to 2025-11-25 with sessions: one server and one transport for each, a stream for what the
// server sends unsolicited, resumption, and DELETE. The SDK's own fallback has no sessions, and without them nothing
// can be requested of the client.
import { randomUUID } from "node:crypto";
import { type McpServer, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { createEventStore } from "./event-store.ts";

export interface LegacySessions {
  fetch: (request: Request, parsedBody?: unknown) => Promise<Response>;
  /** Every open session, with the URIs that its client watches. */
  each: (visit: (server: McpServer, watched: ReadonlySet<string>) => void) => void;
  close: () => Promise<void>;
}

interface Session {
  server: McpServer;
  transport: WebStandardStreamableHTTPServerTransport;
  watched: Set<string>;
}

/** Many clients never end their session. The oldest session is removed first; its client gets a 404 and starts again. */
const MAX_SESSIONS = 1000;

export function createLegacySessions(build: () => McpServer, retryMs: number): LegacySessions {
  const sessions = new Map<string, Session>();

  async function open(): Promise<Session> {
    const server = build();
    const watched = new Set<string>();
    trackSubscriptions(server, watched);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: createEventStore(),
      retryInterval: retryMs,
      onsessioninitialized: (id) => {
        sessions.set(id, session);
        dropOldest();
      },
    });
    const session: Session = { server, transport, watched };
    const closed = server.server.onclose;
    server.server.onclose = () => {
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
      closed?.();
    };
    await server.connect(transport);
    return session;
  }

  function dropOldest(): void {
    const [oldest] = sessions.values();
    if (sessions.size > MAX_SESSIONS) void oldest?.server.close();
  }

  async function start(request: Request, parsedBody: unknown): Promise<Response> {
    const session = await open();
    const response = await session.transport.handleRequest(request, { parsedBody });
    if (session.transport.sessionId === undefined) await session.server.close();
    return response;
  }

  return {
    async fetch(request, parsedBody) {
      const id = request.headers.get("mcp-session-id");
      if (id === null) {
        if (!isInitialize(parsedBody)) return refuse(400, "Bad Request: Mcp-Session-Id header is required");
        return start(request, parsedBody);
      }
      const session = sessions.get(id);
      if (session === undefined) return refuse(404, "Session not found");
      return session.transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody });
    },

    each(visit) {
      for (const { server, watched } of sessions.values()) visit(server, watched);
    },

    async close() {
      await Promise.all([...sessions.values()].map(({ server }) => server.close()));
      sessions.clear();
    },
  };
}

function trackSubscriptions(server: McpServer, watched: Set<string>): void {
  if (server.server.getCapabilities().resources?.subscribe !== true) return;
  server.server.setRequestHandler("resources/subscribe", ({ params }) => {
    watched.add(params.uri);
    return {};
  });
  server.server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    watched.delete(params.uri);
    return {};
  });
}

function isInitialize(body: unknown): boolean {
  if (Array.isArray(body)) return body.some(isInitialize);
  return typeof body === "object" && body !== null && "method" in body && body.method === "initialize";
}

function refuse(status: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code: -32_000, message }, id: null }, { status });
}
