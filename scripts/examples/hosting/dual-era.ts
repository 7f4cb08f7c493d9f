// One endpoint for both protocol eras from one description of a server: requests of 2026-07-28 get a server of their
// own each, older clients get a session. `notify` notifies both kinds of listeners.
import {
  createMcpHandler,
  isLegacyRequest,
  type McpHttpHandler,
  type McpServer,
} from "@modelcontextprotocol/server";
import { createLegacySessions } from "./legacy-sessions.ts";

export type Era = "legacy" | "modern";

export interface DualEraOptions {
  /** Called once for a session, once for each request of the modern era. */
  build: (era: Era) => McpServer;
  /** How long clients should wait before they reopen a closed stream. */
  retryMs?: number;
  /** Supports one era only, as most servers do. */
  only?: Era;
}

export interface DualEraEndpoint {
  fetch: (request: Request) => Promise<Response>;
  notify: McpHttpHandler["notify"];
  bus: McpHttpHandler["bus"];
  close: () => Promise<void>;
}

const MAX_BODY = 4 * 1024 * 1024;

export function createDualEraEndpoint({ build, retryMs = 500, only }: DualEraOptions): DualEraEndpoint {
  const modern = createMcpHandler(() => build("modern"), { legacy: "reject", maxRequestBodySize: MAX_BODY });
  const sessions = createLegacySessions(() => build("legacy"), retryMs);

  return {
    async fetch(request) {
      // Only a body of JSON can name an era; what is none, the modern handler refuses (415) before it reads.
      const json = request.headers.get("content-type")?.includes("json") === true;
      const body = request.method === "POST" && json ? await readJson(request.clone()) : undefined;
      if (only === "legacy") return sessions.fetch(request, body);
      if (only === "modern" || (request.method === "POST" && body === undefined))
        return modern.fetch(request);
      if (await isLegacyRequest(request, body)) return sessions.fetch(request, body);
      return modern.fetch(request);
    },

    notify: {
      toolsChanged() {
        modern.notify.toolsChanged();
        sessions.each((server) => server.sendToolListChanged());
      },
      promptsChanged() {
        modern.notify.promptsChanged();
        sessions.each((server) => server.sendPromptListChanged());
      },
      resourcesChanged() {
        modern.notify.resourcesChanged();
        sessions.each((server) => server.sendResourceListChanged());
      },
      resourceUpdated(uri) {
        modern.notify.resourceUpdated(uri);
        sessions.each((server, watched) => {
          if (watched.has(uri)) void server.server.sendResourceUpdated({ uri });
        });
      },
    },

    bus: modern.bus,

    async close() {
      await Promise.all([modern.close(), sessions.close()]);
    },
  };
}

async function readJson(request: Request): Promise<unknown> {
  if (Number(request.headers.get("content-length")) > MAX_BODY) return undefined;
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}
