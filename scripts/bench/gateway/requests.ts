// The requests that are sent, in the words of both eras.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Burst } from "./burst.ts";

export type Sent = Omit<Burst, "connections" | "amount">;

const MODERN = "2026-07-28";
const LEGACY = "2025-11-25";
const BOTH = "application/json, text/event-stream";

const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

export interface Call {
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

export const callOf = (tool: string, args: Record<string, unknown> = { query: "everything" }): Call => ({
  method: "tools/call",
  params: { name: tool, arguments: args },
});

let files = 0;

/** Bodies travel to the generator by file: some are large. */
export function post(dir: string, url: string, body: object, headers: Record<string, string>): Sent {
  files += 1;
  const bodyFile = join(dir, `body-${files}.json`);
  writeFileSync(bodyFile, JSON.stringify(body));
  return {
    url,
    method: "POST",
    headers: { "content-type": "application/json", accept: BOTH, ...headers },
    bodyFile,
    status: 200,
  };
}

export function modern(
  dir: string,
  url: string,
  { method, params }: Call,
  extra: Record<string, string>,
): Sent {
  const name = params?.name;
  return post(
    dir,
    url,
    { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } },
    {
      "mcp-protocol-version": MODERN,
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
      ...extra,
    },
  );
}

export function legacy(
  dir: string,
  url: string,
  { method, params }: Call,
  extra: Record<string, string>,
): Sent {
  const headers = { "mcp-protocol-version": LEGACY, ...extra };
  return post(dir, url, { jsonrpc: "2.0", id: 1, method, params: params ?? {} }, headers);
}

/** Begins a legacy session and returns the header that goes on with it; nothing where the server keeps none. */
export async function beginSession(
  url: string,
  extra: Record<string, string>,
): Promise<Record<string, string>> {
  const params = {
    protocolVersion: LEGACY,
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  };
  const headers = { "content-type": "application/json", accept: BOTH, ...extra };
  const answer = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
  });
  if (!answer.ok) throw new Error(`initialize: ${answer.status} ${await answer.text()}`);
  await answer.text();
  const id = answer.headers.get("mcp-session-id");
  const session: Record<string, string> = id === null ? {} : { "mcp-session-id": id };
  await fetch(url, {
    method: "POST",
    headers: { ...headers, ...session, "mcp-protocol-version": LEGACY },
    body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
  });
  return session;
}
