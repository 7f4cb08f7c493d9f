// An MCP client of one of the gateway's endpoints, as the commands use it.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { errorMessage, Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";
import { type GatewayOptions, gatewayUnreachable } from "../gateway-options.ts";
import { VERSION } from "../version.ts";
import { answerElicitation } from "./elicitation.ts";
import { canAsk } from "./terminal.ts";

export const ENDPOINT_OPTIONS = { server: { type: "string" }, toolset: { type: "string" } } as const;

export const ENDPOINT_HELP = `  --server NAME   Use the endpoint of one server. Default: all servers
  --toolset SLUG  Use the endpoint of a toolset`;

export interface EndpointValues {
  readonly server?: string | undefined;
  readonly toolset?: string | undefined;
}

export function toEndpointUrl({ url }: GatewayOptions, { server, toolset }: EndpointValues): URL {
  if (server !== undefined && toolset !== undefined) {
    throw new Problem("Pass --server or --toolset, not both.", EXIT_USAGE);
  }
  if (toolset !== undefined) return new URL(`/mcp/toolsets/${encodeURIComponent(toolset)}`, url);
  return new URL(server === undefined ? "/mcp" : `/mcp/${encodeURIComponent(server)}`, url);
}

/** Connects, runs the work, and closes the connection. */
export async function withClient<T>(
  options: GatewayOptions,
  endpoint: URL,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const capabilities = canAsk() ? { elicitation: { form: {}, url: {} } } : {};
  const client = new Client(
    { name: "mcp-gateway-cli", version: VERSION },
    { capabilities, versionNegotiation: { mode: "auto" } },
  );
  if (canAsk()) client.setRequestHandler("elicitation/create", ({ params }) => answerElicitation(params));
  const headers = { authorization: `Bearer ${options.key}` };
  try {
    await client.connect(new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } }));
    return await work(client);
  } catch (error) {
    throw toProblem(error, endpoint);
  } finally {
    await client.close();
  }
}

function toProblem(error: unknown, { origin }: URL): Problem {
  if (error instanceof Problem) return error;
  const message = errorMessage(error);
  return /fetch failed|ECONNREFUSED/.test(message) ? gatewayUnreachable(origin) : new Problem(message);
}
