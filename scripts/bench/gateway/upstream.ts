// The upstream of the measurements, in a separate process: a minimal MCP server over plain Node http, so that mainly
// the gateway is measured. With "stdio" instead of a port it communicates over standard input and output, for gateways
// that start their upstreams themselves.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createInterface } from "node:readline";

const TOOLS_PER_SERVER = 20;
const EVENTS = 1000;
const JSON_TYPE = { "content-type": "application/json" };

interface Asked {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: Record<string, unknown>;
    readonly protocolVersion?: string;
  };
}

const where = process.argv[2];
if (where === "stdio") {
  createInterface({ input: process.stdin }).on("line", answerLine);
} else {
  const server = createServer((request, response) => void serve(request, response));
  // A connection that is closed while it is reused would count as a failure of the gateway.
  server.keepAliveTimeout = 60_000;
  server.listen(Number(where), "127.0.0.1");
}

function answerLine(line: string): void {
  const asked: Asked = JSON.parse(line);
  if (asked.id === undefined) return;
  const answer = { jsonrpc: "2.0", id: asked.id, result: resultOf(asked, "/one") };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST") {
    response.writeHead(405).end();
    return;
  }
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  // What is large is text for the echo tool; its head contains all that matters.
  const asked = read(body);
  if (asked.id === undefined) {
    response.writeHead(202).end();
  } else if (asked.params?.name === "stream") {
    stream(asked, response);
  } else {
    const text = JSON.stringify({
      jsonrpc: "2.0",
      id: asked.id,
      result: resultOf(asked, request.url ?? "/"),
    });
    response.writeHead(200, { ...JSON_TYPE, "content-length": Buffer.byteLength(text) }).end(text);
  }
}

function read(body: Buffer): Asked {
  if (body.length < 64 * 1024) return JSON.parse(body.toString());
  const id = /"id":(\d+)/.exec(body.toString("latin1", 0, 1024))?.[1];
  return { id: Number(id), method: "tools/call", params: { name: "swallow" } };
}

function resultOf({ method, params }: Asked, path: string): object {
  const { pathname, searchParams } = new URL(path, "http://upstream");
  const of = pathname.split("/").at(-1) ?? "";
  switch (method) {
    case "initialize":
      return {
        // The requested one: older clients accept no newer one.
        protocolVersion: params?.protocolVersion ?? "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "bench", version: "1" },
      };
    case "server/discover":
      return {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        serverInfo: { name: "bench", version: "1" },
      };
    case "tools/list":
      return {
        resultType: "complete",
        ttlMs: 60_000,
        cacheScope: "public",
        tools: Array.from({ length: Number(searchParams.get("tools") ?? TOOLS_PER_SERVER) }, (_, at) =>
          tool(`${of}_tool_${at}`),
        ),
      };
    case "tools/call":
      return {
        resultType: "complete",
        content: [{ type: "text", text: `The answer of ${params?.name ?? "unknown"}.` }],
      };
    default:
      return { resultType: "complete" };
  }
}

const tool = (name: string) => ({
  name,
  description: "Looks up a record by its name and describes it in a sentence or two.",
  inputSchema: {
    type: "object",
    properties: { query: { type: "string", description: "What to look for." }, limit: { type: "integer" } },
    required: ["query"],
  },
});

/** As fast as the reader takes them. */
function stream({ id }: Asked, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const write = (from: number) => {
    for (let at = from; at < EVENTS; at += 1) {
      const params = { progressToken: 1, progress: at, total: EVENTS };
      const note = JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params });
      if (response.write(`event: message\ndata: ${note}\n\n`)) continue;
      response.once("drain", () => write(at + 1));
      return;
    }
    const result = { resultType: "complete", content: [{ type: "text", text: "Complete." }] };
    response.end(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
  };
  write(0);
}
