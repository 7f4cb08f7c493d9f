/** Random MCP traffic, and a server whose behavior a call's arguments select. */
import { pick, type Random } from "../../scripts/sim/random.ts";
import { LEGACY, MODERN } from "../fixtures/wire.ts";

export interface TestRequest {
  readonly method: string;
  /** Behind /mcp/. */
  readonly path: string;
  readonly headers: Record<string, string>;
  /** One of the world's keys by name, or the text of another. */
  readonly key: string | undefined;
  readonly body: string | undefined;
}

/** Good answers more often than others: a server that fails all the time is not called any more. */
const GOOD = [
  "result",
  "result",
  "result",
  "stream",
  "tool-error",
  "rpc-error",
  "state",
  "task",
  "session",
  "odd-headers",
  "spaces",
  "accepted-error",
  "refused-400",
] as const;
const BAD = [
  "internal-error",
  "page-500",
  "rpc-500",
  "unauthorized",
  "not-found",
  "empty",
  "no-json",
  "html",
  "broken-stream",
  "redirect",
  "unreachable",
] as const;

export const BEHAVIOURS: readonly string[] = [...new Set<string>([...GOOD, ...BAD])];

const behaviour = (random: Random) => (random() < 0.85 ? pick(random, GOOD) : pick(random, BAD));

export interface TrafficOptions {
  readonly isPlain: boolean;
  /** Modern calls on the aggregated endpoint, by its names of the tools. */
  readonly isAggregated?: boolean;
}

export function randomRequest(
  random: Random,
  { isPlain, isAggregated = false }: TrafficOptions,
): TestRequest {
  const era = isAggregated ? "modern" : pick(random, ["modern", "legacy"] as const);
  const tool = pickTool(random, isPlain, isAggregated);
  const method = isPlain
    ? "tools/call"
    : pick(random, [
        "tools/call",
        "tools/call",
        "tools/call",
        "ping",
        "tools/list",
        "resources/read",
        "tasks/get",
        "tasks/list",
      ]);
  const params = {
    ...(method === "resources/read" ? { uri: "file:///a" } : { name: tool }),
    arguments: { do: isPlain ? pick(random, ["result", "tool-error", "stream"]) : behaviour(random) },
    ...(!isPlain && random() < 0.08 && { requestState: "made up" }),
    ...(era === "modern" && {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    }),
  };
  const message = { jsonrpc: "2.0", id: pick(random, [1, "a", 7.5]), method, params };
  const named = method === "resources/read" ? "file:///a" : tool;
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: pick(random, ["application/json", "application/json, text/event-stream"]),
    "mcp-protocol-version": era === "modern" ? MODERN : LEGACY,
    ...(era === "modern" && { "mcp-method": method, ...(named !== "" && { "mcp-name": encodeName(named) }) }),
  };
  const request: TestRequest = {
    method: "POST",
    path: isAggregated ? "" : pick(random, ["one", "two"]),
    headers,
    key: "busy",
    body: JSON.stringify(message),
  };
  return isPlain ? request : distorted(random, request, message);
}

/** Both servers have the same tools, so that their names are prefixed; "solo" is one server's alone. */
const AGGREGATED_TOOLS = ["one__look", "two__look", "solo"];

function pickTool(random: Random, isPlain: boolean, isAggregated: boolean): string {
  if (isAggregated && isPlain) return pick(random, AGGREGATED_TOOLS);
  if (isPlain) return "look";
  const odd = ["denied-tool", "größe", "", "x".repeat(300)];
  return isAggregated
    ? pick(random, [
        ...AGGREGATED_TOOLS,
        ...AGGREGATED_TOOLS,
        "one__denied-tool",
        "look",
        "three__look",
        ...odd,
      ])
    : pick(random, ["look", "look", ...odd]);
}

const encodeName = (name: string) =>
  /^[\x21-\x7e]+$/.test(name)
    ? name
    : `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(name)))}?=`;

type Distortion = (random: Random, request: TestRequest, message: object) => Partial<TestRequest>;

const withHeaders = (request: TestRequest, headers: Record<string, string>) => ({
  headers: { ...request.headers, ...headers },
});

const DISTORTIONS: readonly Distortion[] = [
  () => ({}),
  () => ({}),
  () => ({}),
  () => ({}),
  () => ({ key: "few" }),
  () => ({ key: "few" }),
  () => ({ key: "reader" }),
  () => ({ key: "elsewhere" }),
  () => ({ key: undefined }),
  () => ({ key: "mcp_0197f1c2-0000-7000-8000-000000000001_wrong" }),
  () => ({ path: "nowhere" }),
  () => ({ path: "one?sessionId=1" }),
  (_, request) => withHeaders(request, { "mcp-session-id": "made-up" }),
  (_, request) => withHeaders(request, { "content-type": "text/plain" }),
  (_, request) => withHeaders(request, { "mcp-name": "another" }),
  (_, request) => withHeaders(request, { "mcp-protocol-version": "1999-01-01" }),
  (_, request) => withHeaders(request, { origin: "https://elsewhere.example" }),
  (_, request) => withHeaders(request, { "mcp-gateway-path": "a, b" }),
  (_, request) =>
    withHeaders(request, {
      "x-own": "1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }),
  (random, request) =>
    withHeaders(request, { "cf-connecting-ip": pick(random, ["192.0.2.1", "203.0.113.9", "2001:db8::1"]) }),
  (_, request) => withHeaders(request, { "x-large": "y".repeat(40_000) }),
  () => ({ body: "{" }),
  () => ({ body: "[]" }),
  () => ({ body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","Name":"denied"}}' }),
  (_, __, message) => ({ body: JSON.stringify([message, { ...message, id: 2 }]) }),
  (_, __, message) => ({ body: JSON.stringify({ ...message, id: undefined }) }),
  (_, __, message) => ({ body: ` ${JSON.stringify(message, null, 2)}\n` }),
  (random, request) => ({
    // A GET of the aggregated endpoint opens a stream without an end.
    method: pick(random, request.path === "" ? ["DELETE", "PUT"] : ["GET", "DELETE", "PUT"]),
    body: undefined,
    headers: request.headers,
  }),
];

function distorted(random: Random, request: TestRequest, message: object): TestRequest {
  return { ...request, ...pick(random, DISTORTIONS)(random, request, message) };
}

export interface TestServer {
  readonly name: string;
  /** Declares the modern era only, although it answers both. */
  readonly isModern: boolean;
}

/** What the server answers to a body. */
export function answerAs(body: string, server: TestServer): Response | Promise<never> {
  const asked = /"do":\s*"([a-z0-9-]+)"/.exec(body)?.[1] ?? "result";
  const id: unknown = readId(body);
  const json = (members: object, init?: ResponseInit) =>
    Response.json({ jsonrpc: "2.0", id, ...members }, init);
  const result = { result: { content: [{ type: "text", text: "here" }], ...describeServer(body, server) } };
  const event = (members: object) =>
    `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...members })}\n\n`;
  const stream = (text: string) => new Response(text, { headers: { "content-type": "text/event-stream" } });
  const error = (code: number) => ({ error: { code, message: "no" } });
  switch (asked) {
    case "stream":
      return stream(
        event({ method: "notifications/progress", params: { progress: 1 } }) + event({ id, ...result }),
      );
    case "broken-stream":
      return stream(event({ method: "notifications/progress", params: { progress: 1 } }));
    case "tool-error":
      return json({ result: { isError: true, content: [] } });
    case "rpc-error":
      return json(error(-32602));
    case "internal-error":
      return json(error(-32603));
    case "state":
      return json({ result: { resultType: "input_required", requestState: "mine", inputRequests: {} } });
    case "task":
      return json({ result: { taskId: "task-1", status: "working" } });
    case "session":
      return json(result, { headers: { "mcp-session-id": "theirs" } });
    case "odd-headers":
      return json(result, {
        headers: { "set-cookie": "a=b", "cache-control": "public", "retry-after": "3", "x-own": "1" },
      });
    case "spaces":
      return new Response(`\n ${JSON.stringify({ jsonrpc: "2.0", id, ...result }, null, 2)}\n`, {
        headers: { "content-type": "application/json; charset=utf-8" },
      });
    case "accepted-error":
      return json(error(-32000), { status: 202 });
    case "refused-400":
      return json(error(-32602), { status: 400 });
    case "page-500":
      return new Response("<h1>down</h1>", { status: 500, headers: { "content-type": "text/html" } });
    case "rpc-500":
      return json(error(-32603), { status: 500 });
    case "unauthorized":
      return new Response("who?", { status: 401 });
    case "not-found":
      return new Response("nothing", { status: 404, headers: { "content-type": "text/plain" } });
    case "empty":
      return new Response("", { headers: { "content-type": "application/json" } });
    case "no-json":
      return new Response("{", { headers: { "content-type": "application/json" } });
    case "html":
      return new Response("<p>hello", { headers: { "content-type": "text/html" } });
    case "redirect":
      return new Response(null, { status: 303, headers: { location: "/elsewhere" } });
    case "unreachable":
      return Promise.reject(new TypeError("no route to host"));
    default:
      return json(result);
  }
}

/** One of them is denied to the caller, and one that is called is not listed. */
const TOOLS = ["look", "denied-tool", "größe"].map((name) => ({ name, inputSchema: { type: "object" } }));

/** It may be called again where the server did not respond. */
const SOLO = { name: "solo", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } };

const SERVER_INFO = { capabilities: { tools: {} }, serverInfo: { name: "test", version: "1.0.0" } };

/** The requests of the gateway's discovery; the server supports both eras. */
function describeServer(body: string, { name, isModern }: TestServer): object {
  const [, method] = /"method":\s*"([a-z/]+)"/.exec(body) ?? [];
  if (method === "tools/list") return { tools: name === "two" ? [...TOOLS, SOLO] : TOOLS };
  if (method === "server/discover") {
    const discovery = isModern ? { resultType: "complete" } : {};
    return { ...discovery, supportedVersions: [MODERN, LEGACY], ...SERVER_INFO };
  }
  return method === "initialize" ? { protocolVersion: LEGACY, ...SERVER_INFO } : {};
}

function readId(body: string): unknown {
  try {
    return JSON.parse(body).id ?? null;
  } catch {
    return null;
  }
}
