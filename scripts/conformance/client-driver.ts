// What the suite starts as "the client" of its scenarios: the official SDK's client, with the gateway between it and
// the scenario's server. Whatever that server sees, the gateway sent. `client-driver.ts <server's URL>`.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import * as z from "zod";
import { joinGateway } from "../../tests/fixtures/gateway.ts";

const {
  GATEWAY_URL = "",
  GATEWAY_OWNER_URL = "",
  GATEWAY_PATH = "",
  MCP_CONFORMANCE_PROTOCOL_VERSION = "",
  MCP_CONFORMANCE_CONTEXT = "{}",
} = process.env;

const context = z
  .looseObject({
    toolCalls: z
      .array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
      .optional(),
  })
  .parse(JSON.parse(MCP_CONFORMANCE_CONTEXT));

const EXAMPLES: Record<string, unknown> = {
  number: 5,
  integer: 3,
  boolean: true,
  string: "text",
  object: {},
  array: [],
};

const properties = z.record(z.string(), z.looseObject({ type: z.unknown().optional() }));

const gateway = joinGateway(GATEWAY_URL, GATEWAY_OWNER_URL);
const tenant = await gateway.addTenant({
  anonymous: true,
  servers: [{ name: "scenario", url: process.argv.at(-1) ?? "" }],
  settings: { naming: { prefix: "never" } },
});

const isModern = MCP_CONFORMANCE_PROTOCOL_VERSION === "2026-07-28";
const client = new Client(
  { name: "conformance-client", version: "1.0.0" },
  {
    capabilities: { elicitation: { form: { applyDefaults: true } } },
    versionNegotiation: { mode: isModern ? "auto" : "legacy" },
  },
);
client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: {} }));
await client.connect(
  new StreamableHTTPClientTransport(new URL(`${GATEWAY_URL}/t/${tenant.slug}${GATEWAY_PATH}`)),
);
await useEverything();
await client.close();
await gateway.leave();

/** Every scenario's server has only what the scenario is about. */
async function useEverything(): Promise<void> {
  const capabilities = client.getServerCapabilities() ?? {};
  if ("prompts" in capabilities) {
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
  }
  if ("resources" in capabilities) {
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  }
  const { tools } = await client.listTools();
  const focal = tools.find(({ name }) => name === "json_schema_2020_12_tool")?.inputSchema;
  for (const { name, inputSchema } of tools) {
    const calls = context.toolCalls?.filter((call) => call.name === name) ?? [];
    const made = calls.length > 0 ? calls : [{ name, arguments: argumentsFor(inputSchema, focal) }];
    // A tool that refuses its arguments is no reason to leave the others out.
    for (const call of made) await client.callTool(call).catch(() => undefined);
  }
}

/** A value of the right type for each; a schema where a schema is expected back (SEP-1613). */
function argumentsFor(schema: object, focal: object | undefined): Record<string, unknown> {
  const known = properties.parse("properties" in schema ? schema.properties : {});
  return Object.fromEntries(
    Object.entries(known).map(([property, { type }]) => [
      property,
      property === "schema" ? focal : (EXAMPLES[String(type)] ?? "text"),
    ]),
  );
}
