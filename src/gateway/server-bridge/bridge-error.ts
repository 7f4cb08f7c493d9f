/** The error of a bridged call, as the object sends it to the gateway's own end of the bridge. */
import { toGatewayError } from "../../core/errors.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { isMembers, mapObject, parseLossless } from "../../core/mcp/lossless-json.ts";
import { gatewayErrorBody } from "../../core/mcp/responses.ts";
import { CredentialRejectedError } from "../../upstream/connection/errors.ts";

/** The challenge of a server goes with it, because that end asks the member for the scopes that are missing. */
export function toBridgeError(id: JsonRpcId | null, error: unknown): JsonObject {
  const body = parseLossless(gatewayErrorBody(id, toGatewayError(error)));
  if (!isMembers(body)) return {};
  const challenge = error instanceof CredentialRejectedError ? error.challenge : undefined;
  if (typeof challenge !== "string") return body;
  return mapObject(body, "error", (value) => ({ ...(isMembers(value) && value), challenge }));
}
