// The official clients behind one small interface, so that a test runs with all of them: SDK v2 in either era, SDK v1,
// and a bare fetch for what no client supports yet.
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

export interface TestClient {
  revision: string | undefined;
  tools: () => Promise<string[]>;
  /** All texts of the result, in one. */
  call: (name: string, args?: Record<string, unknown>) => Promise<string>;
  progressOf: (name: string, args?: Record<string, unknown>) => Promise<number[]>;
  read: (uri: string) => Promise<string>;
  resources: () => Promise<string[]>;
  prompt: (name: string, args?: Record<string, string>) => Promise<string>;
  complete: (prompt: string, argument: string, value: string) => Promise<string[]>;
  onToolsChanged: (listener: () => void) => Promise<void>;
  onResourceUpdated: (uri: string, listener: (uri: string) => void) => Promise<void>;
  close: () => Promise<void>;
}

const INFO = { name: "test", version: "1.0.0" };
const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} };

const ANSWERS = {
  elicit: () => ({
    action: "accept" as const,
    content: {
      name: "Ada",
      color: "blue",
      ok: true,
      username: "ada",
      email: "ada@example.org",
      context: "rain",
      zone: "UTC",
    },
  }),
  sample: () => ({
    role: "assistant" as const,
    content: { type: "text" as const, text: "Paris" },
    model: "none",
  }),
  roots: () => ({ roots: [{ uri: "file:///home/ada" }] }),
};

function texts(content: unknown): string {
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  return blocks
    .map((block) =>
      typeof block === "object" && block !== null && "text" in block ? String(block.text) : "",
    )
    .join("");
}

type Headers = Record<string, string>;

export async function connectV2(
  url: string,
  mode: "legacy" | "auto",
  headers: Headers = {},
): Promise<TestClient> {
  const client = new Client2(INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
  client.setRequestHandler("elicitation/create", ANSWERS.elicit);
  client.setRequestHandler("sampling/createMessage", ANSWERS.sample);
  client.setRequestHandler("roots/list", ANSWERS.roots);
  await client.connect(new Http2(new URL(url), { requestInit: { headers } }));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}) => texts((await client.callTool({ name, arguments: args })).content),
    async progressOf(name, args = {}) {
      const seen: number[] = [];
      await client.callTool({ name, arguments: args }, { onprogress: ({ progress }) => seen.push(progress) });
      return seen;
    },
    read: async (uri) => texts((await client.readResource({ uri })).contents),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    prompt: async (name, args = {}) =>
      texts((await client.getPrompt({ name, arguments: args })).messages.map(({ content }) => content)),
    complete: async (name, argument, value) => {
      const ref = { type: "ref/prompt" as const, name };
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    },
    async onToolsChanged(listener) {
      client.setNotificationHandler("notifications/tools/list_changed", listener);
      if (mode === "auto") await client.listen({ toolsListChanged: true });
    },
    async onResourceUpdated(uri, listener) {
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => listener(params.uri));
      if (mode === "auto") await client.listen({ resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

export async function connectV1(url: string, headers: Headers = {}): Promise<TestClient> {
  const client = new Client1(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, ANSWERS.elicit);
  client.setRequestHandler(CreateMessageRequestSchema, ANSWERS.sample);
  client.setRequestHandler(ListRootsRequestSchema, ANSWERS.roots);
  const transport = new Http1(new URL(url), { requestInit: { headers } });
  // The v1 transport's types predate exactOptionalPropertyTypes: its sessionId may be undefined.
  await client.connect({
    start: () => transport.start(),
    send: (message) => transport.send(message),
    close: () => transport.close(),
    setProtocolVersion: (version) => transport.setProtocolVersion(version),
    set onmessage(listener: NonNullable<Http1["onmessage"]>) {
      transport.onmessage = listener;
    },
    set onclose(listener: NonNullable<Http1["onclose"]>) {
      transport.onclose = listener;
    },
    set onerror(listener: NonNullable<Http1["onerror"]>) {
      transport.onerror = listener;
    },
  });
  return {
    revision: transport.protocolVersion,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}) => texts((await client.callTool({ name, arguments: args })).content),
    async progressOf(name, args = {}) {
      const seen: number[] = [];
      const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
      await client.callTool({ name, arguments: args }, undefined, { onprogress });
      return seen;
    },
    read: async (uri) => texts((await client.readResource({ uri })).contents),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    prompt: async (name, args = {}) =>
      texts((await client.getPrompt({ name, arguments: args })).messages.map(({ content }) => content)),
    complete: async (name, argument, value) => {
      const ref = { type: "ref/prompt" as const, name };
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    },
    async onToolsChanged(listener) {
      client.setNotificationHandler(ToolListChangedNotificationSchema, listener);
    },
    async onResourceUpdated(uri, listener) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => listener(params.uri));
      await client.subscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

const MODERN = "2026-07-28";

/** Sends one modern request with correct headers and the given capabilities. */
export function postModern(
  url: string,
  method: string,
  params: Record<string, unknown>,
  { capabilities = {}, signal }: { capabilities?: object; signal?: AbortSignal } = {},
): Promise<Response> {
  const name = [params.name, params.uri, params.taskId].find((value) => typeof value === "string");
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  return fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": MODERN,
      "Mcp-Method": method,
      ...(typeof name === "string" && { "Mcp-Name": name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
    ...(signal !== undefined && { signal }),
  });
}

/** Reads one message after the other from an event stream. */
export function readFrames(response: Response): () => Promise<unknown> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return async () => {
    for (;;) {
      const end = rest.indexOf("\n\n");
      const data = /^data: (.*)$/m.exec(rest.slice(0, end))?.[1];
      if (end >= 0) rest = rest.slice(end + 2);
      if (end >= 0 && data !== undefined) return JSON.parse(data);
      if (end >= 0) continue;
      const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) throw new Error("The stream ended.");
      rest += value;
    }
  };
}
