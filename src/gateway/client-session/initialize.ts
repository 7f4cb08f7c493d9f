/** The handshake of the legacy era, for one server or for all. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { isLegacyRevision, LATEST_LEGACY } from "../../core/mcp/revisions.ts";
import { filterVisible, legacyCapabilities, mergeServerInstructions } from "../aggregate/server-discover.ts";
import { type EndpointTarget, resolveScope } from "../catalog/catalog.ts";
import type { McpContext } from "../context/context.ts";
import { serverInfo } from "../context/server-info.ts";
import type { ClientFacts } from "./peer.ts";

export async function buildInitializeResult(
  message: JsonObject,
  target: EndpointTarget,
  context: McpContext,
): Promise<{ client: ClientFacts; result: JsonObject }> {
  const { catalog, tenant } = context;
  const scope = resolveScope(tenant, target);
  const { tables } = await catalog.loadView(scope, context);
  const seen = filterVisible(tables.inventories, context);
  const client = parseClient(getMember(message, "params"));
  const instructions = mergeServerInstructions(seen, scope, context);
  return {
    client,
    result: {
      protocolVersion: client.revision,
      capabilities: legacyCapabilities(seen),
      serverInfo: serverInfo(tenant, scope.toolset),
      ...(instructions !== undefined && { instructions }),
    },
  };
}

/** An unsupported revision is answered with the latest supported one (2025-11-25, lifecycle). */
function parseClient(given: unknown): ClientFacts {
  const params = isMembers(given) ? given : {};
  const asked = getMember(params, "protocolVersion");
  const capabilities = getMember(params, "capabilities");
  const clientInfo = getMember(params, "clientInfo");
  return {
    revision: typeof asked === "string" && isLegacyRevision(asked) ? asked : LATEST_LEGACY,
    capabilities: isMembers(capabilities) ? capabilities : {},
    clientInfo: isMembers(clientInfo) ? clientInfo : { name: "unknown", version: "0" },
    logLevel: undefined,
  };
}
