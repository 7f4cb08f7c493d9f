/** The handshake of the legacy era, for one server or for all. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { isLegacyRevision, LATEST_LEGACY } from "../../core/mcp/revisions.ts";
import { asServer } from "../about.ts";
import { scopeOf } from "../aggregate/catalogue.ts";
import { instructionsOf, legacyCapabilities, visible } from "../aggregate/discover.ts";
import type { McpContext } from "../context.ts";
import type { ClientFacts } from "./peer.ts";

export async function initialized(
  message: JsonObject,
  serverName: string | undefined,
  context: McpContext,
): Promise<{ client: ClientFacts; result: JsonObject }> {
  const { catalogue, tenant } = context;
  const { tables } = await catalogue.complete(scopeOf(tenant, serverName), context);
  const seen = visible(tables.offers, context);
  const client = clientOf(getMember(message, "params"));
  const instructions = instructionsOf(seen, context);
  return {
    client,
    result: {
      protocolVersion: client.revision,
      capabilities: legacyCapabilities(seen),
      serverInfo: asServer(tenant),
      ...(instructions !== undefined && { instructions }),
    },
  };
}

/** A revision that we do not know is answered with the latest that we do (2025-11-25, lifecycle). */
function clientOf(given: unknown): ClientFacts {
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
