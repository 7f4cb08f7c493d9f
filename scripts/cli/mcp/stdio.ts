// stdio: lets clients that only start programs use the gateway. Messages pass unchanged between stdin, stdout and an
// endpoint of the gateway.
import { createInterface } from "node:readline";
import { type JSONRPCMessage, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import { errorMessage } from "../../lib/problem.ts";
import { type Command, readOptions } from "../command.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { ENDPOINT_HELP, ENDPOINT_OPTIONS, toEndpointUrl } from "./open-client.ts";

const HELP = `mcp-gateway stdio [--server NAME | --toolset SLUG]

An MCP server on stdin and stdout that is the gateway, for clients that can only start programs.

${GATEWAY_HELP}
${ENDPOINT_HELP}

Example, in the configuration of a client
  {"mcpServers": {"gateway": {
    "command": "npx", "args": ["mcp-gateway", "stdio", "--gateway", "https://gateway.example.com"],
    "env": {"GATEWAY_API_KEY": "mcp_…"}
  }}}`;

export const stdioCommand: Command = {
  name: "stdio",
  summary: "Serve the gateway on stdin and stdout",
  help: HELP,
  async run(args) {
    const options = { ...GATEWAY_OPTIONS, ...ENDPOINT_OPTIONS } as const;
    const { values } = readOptions(args, options, HELP);
    const gateway = readGatewayOptions(values, process.env);
    await bridge(toEndpointUrl(gateway, values), gateway.key);
    return 0;
  },
};

const message = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  result: z.looseObject({ protocolVersion: z.string().optional() }).optional(),
});

const PARSE_ERROR = -32700;
const INTERNAL_ERROR = -32603;

/** Resolves when stdin has ended and everything that was sent is answered. */
async function bridge(endpoint: URL, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const transport = new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } });
  const initializing = new Set<string | number>();
  transport.onmessage = (received) => {
    const { id, result } = message.parse(received);
    if (id !== undefined && initializing.delete(id) && result?.protocolVersion !== undefined) {
      transport.setProtocolVersion(result.protocolVersion);
    }
    write(received);
  };
  transport.onerror = (error) => console.error(errorMessage(error));
  await transport.start();
  const sending = new Set<Promise<void>>();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    const parsed = parseLine(line);
    if (parsed === undefined) {
      write({
        jsonrpc: "2.0",
        id: null,
        error: { code: PARSE_ERROR, message: "The line is not a JSON-RPC message." },
      });
      continue;
    }
    const { id, method } = message.parse(parsed);
    if (method === "initialize" && id !== undefined) initializing.add(id);
    const sent = send(transport, parsed, id !== undefined && method !== undefined ? id : undefined);
    // The session's messages follow its handshake; all others run side by side.
    if (method === "initialize" || method === undefined || id === undefined) {
      await sent;
      continue;
    }
    const tracked = sent.finally(() => sending.delete(tracked));
    sending.add(tracked);
  }
  await Promise.all(sending);
  await transport.terminateSession().catch(() => undefined);
  await transport.close();
}

function parseLine(line: string): JSONRPCMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return z.custom<JSONRPCMessage>((each) => message.safeParse(each).success).parse(value);
  } catch {
    return undefined;
  }
}

/** A request that does not get through is answered with an error, so that the client does not wait for it. */
async function send(
  transport: StreamableHTTPClientTransport,
  outgoing: JSONRPCMessage,
  requestId: string | number | undefined,
): Promise<void> {
  try {
    await transport.send(outgoing);
  } catch (error) {
    if (requestId === undefined) console.error(errorMessage(error));
    else
      write({ jsonrpc: "2.0", id: requestId, error: { code: INTERNAL_ERROR, message: errorMessage(error) } });
  }
}

function write(outgoing: object): void {
  process.stdout.write(`${JSON.stringify(outgoing)}\n`);
}
