// An MCP server that records the calls it received, to distinguish a call that ran from one that did not, or ran twice.
import { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { createDualEraEndpoint } from "../examples/hosting/dual-era.ts";
import { listen } from "../examples/hosting/node.ts";

export interface Marker {
  readonly url: string;
  /** How often the call with this mark has run. */
  runs(mark: string): number;
  close(): Promise<void>;
}

export async function startMarker(): Promise<Marker> {
  const runs = new Map<string, number>();
  const build = () => {
    const mcp = new McpServer({ name: "marker", version: "1.0.0" }, { capabilities: { tools: {} } });
    const inputSchema = z.object({ mark: z.string(), padding: z.string().optional() });
    mcp.registerTool("mark", { description: "Stores a mark.", inputSchema }, ({ mark }) => {
      runs.set(mark, (runs.get(mark) ?? 0) + 1);
      return { content: [{ type: "text", text: mark }] };
    });
    return mcp;
  };
  const endpoint = createDualEraEndpoint({ build });
  const server = await listen(new Map([["/mcp", endpoint.fetch]]));
  return {
    url: `${server.origin}/mcp`,
    runs: (mark) => runs.get(mark) ?? 0,
    async close() {
      await endpoint.close();
      await server.close();
    },
  };
}
