/**
 * Determines the era of a server by a modern server/discover request. Evidence for the legacy era is an
 * answer that no modern server gives; a refusal of our credentials, a fault or silence is evidence of nothing.
 */

import type { Transport } from "../../core/enums.ts";
import { UpstreamError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, getNumber, isMembers } from "../../core/mcp/lossless-json.ts";
import {
  HEADER_MISMATCH,
  isLegacyRevision,
  isModernRevision,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../../core/mcp/revisions.ts";
import type { UpstreamDeps } from "../connection/channel.ts";
import { type ChannelTarget, createGatewayId } from "../connection/channel.ts";
import { invalidResponse, StatusError } from "../connection/errors.ts";
import { type ModernResponse, sendModernRequest } from "./modern-request.ts";

export type ServerEra =
  | { readonly era: "legacy" }
  /** The server/discover result; undefined where the server is of this era and rejected the request. */
  | { readonly era: "modern"; readonly discovered: JsonObject | undefined };

export interface EraOptions {
  readonly target: ChannelTarget;
  readonly transport: Transport;
  readonly tools: UpstreamDeps;
  readonly clientInfo: JsonObject;
  readonly signal?: AbortSignal;
}

const LEGACY: ServerEra = { era: "legacy" };

export async function detectEra(options: EraOptions): Promise<ServerEra> {
  const { target, transport } = options;
  if (transport !== "http") return LEGACY;
  // A server may refuse the first choice and name another; ours is the only one there is, so it is made again.
  return (
    (await sendDiscover(options)) ?? (await sendDiscover(options)) ?? versionRejectedError(target.server)
  );
}

/** Undefined where it rejects a revision that it reports as supported. */
async function sendDiscover({
  target,
  tools,
  clientInfo,
  signal,
}: EraOptions): Promise<ServerEra | undefined> {
  try {
    const answer = await sendModernRequest({
      target,
      tools,
      id: createGatewayId("discover"),
      method: "server/discover",
      capabilities: {},
      clientInfo,
      ...(signal !== undefined && { signal }),
    });
    return classifyResponse(answer, target.server);
  } catch (error) {
    const isLegacy = error instanceof StatusError && error.code === "upstream_invalid";
    if (isLegacy) return LEGACY;
    throw error;
  }
}

function versionRejectedError(server: string): never {
  throw invalidResponse(server, "rejects a revision that it reports as supported");
}

function classifyResponse({ status, message }: ModernResponse, server: string): ServerEra | undefined {
  const result = getMember(message, "result");
  if (isMembers(result)) return classifyResult(result, server);
  if (status >= 500 || status === 429) throw new StatusError(server, status, message);
  const error = getMember(message, "error");
  return isMembers(error) ? classifyError(error, server) : LEGACY;
}

/** Some servers answer any request with a result: only the right members show a modern server. */
function classifyResult(result: JsonObject, server: string): ServerEra {
  const isDiscovery = typeof getMember(result, "resultType") === "string";
  const supported = listRevisions(getMember(result, "supportedVersions"));
  if (!isDiscovery || supported === undefined) return LEGACY;
  if (supported.some(isModernRevision)) return { era: "modern", discovered: result };
  return legacyOrUnknown(supported, server);
}

/**
 * Three error codes are specific to the modern era. -32602 and -32601 are not: legacy servers use both for unknown
 * methods.
 */
function classifyError(error: JsonObject, server: string): ServerEra | undefined {
  const code = getNumber(getMember(error, "code"));
  if (code === HEADER_MISMATCH || code === MISSING_CLIENT_CAPABILITY) {
    return { era: "modern", discovered: undefined };
  }
  if (code !== UNSUPPORTED_PROTOCOL_VERSION) return LEGACY;
  const data = getMember(error, "data");
  const supported = isMembers(data) ? listRevisions(getMember(data, "supported")) : undefined;
  if (supported === undefined) return LEGACY;
  if (supported.some(isModernRevision)) return undefined;
  return legacyOrUnknown(supported, server);
}

function legacyOrUnknown(supported: readonly string[], server: string): ServerEra {
  if (supported.some(isLegacyRevision)) return LEGACY;
  const message = `Server ${server} supports no protocol revision that the gateway supports.`;
  throw new UpstreamError("upstream_unsupported", server, message);
}

function listRevisions(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  return items.filter((item) => typeof item === "string");
}
