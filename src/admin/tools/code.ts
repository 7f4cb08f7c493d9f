/** The code that makes the same call as the playground, to copy: curl, and the official SDKs. */

export interface SameCall {
  /** Of the server's own endpoint. */
  readonly url: string;
  readonly tool: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** As the playground sent them, without credentials. */
  readonly headers: Readonly<Record<string, string>>;
  readonly request: object;
}

/** In single quotes, where a shell reads everything literally but the quote itself. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const KEY = "MCP_API_KEY";

export function toCurl({ url, headers, request }: SameCall): string {
  const lines = [
    `curl ${quote(url)}`,
    `-H "Authorization: Bearer $${KEY}"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    `-d ${quote(JSON.stringify(request))}`,
  ];
  return lines.join(" \\\n  ");
}

export function toTypeScript({ url, tool, values }: SameCall): string {
  return `import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const client = new Client({ name: "example", version: "1.0.0" });
const headers = { Authorization: \`Bearer \${process.env.${KEY}}\` };
await client.connect(new StreamableHTTPClientTransport(new URL(${JSON.stringify(url)}), { requestInit: { headers } }));
const result = await client.callTool({ name: ${JSON.stringify(tool)}, arguments: ${JSON.stringify(values)} });
console.log(result);
await client.close();`;
}

export function toPython({ url, tool, values }: SameCall): string {
  return `import asyncio, json, os
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

async def main():
    headers = {"Authorization": f"Bearer {os.environ['${KEY}']}"}
    async with streamablehttp_client(${JSON.stringify(url)}, headers=headers) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            arguments = json.loads(${JSON.stringify(JSON.stringify(values))})
            print(await session.call_tool(${JSON.stringify(tool)}, arguments))

asyncio.run(main())`;
}
