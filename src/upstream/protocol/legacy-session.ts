/** Begins a session of the legacy era: the handshake that every revision up to 2025-11-25 requires before anything else. */

import type { Transport } from "../../core/enums.ts";
import { UpstreamError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { isLegacyRevision } from "../../core/mcp/revisions.ts";
import {
  type ChannelEvents,
  type ChannelOptions,
  createGatewayId,
  type UpstreamChannel,
} from "../connection/channel.ts";
import { connectionClosed, invalidResponse, responseTimeout } from "../connection/errors.ts";
import { type OpenedChannel, type OpenOptions, openChannel } from "../transports/open-channel.ts";

export interface LegacyOptions extends ChannelOptions {
  readonly transport: Transport;
  readonly client: {
    /** The requested revision; the server may answer with an older one. */
    readonly revision: string;
    readonly capabilities: JsonObject;
    readonly clientInfo: JsonObject;
  };
  readonly signal?: AbortSignal;
}

export interface Initialized {
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions: string | undefined;
}

export interface LegacySession {
  readonly channel: UpstreamChannel;
  readonly initialized: Initialized;
}

/**
 * Connects and initializes. A server may send requests as soon as it is initialized, so `events.message` can be called
 * before this resolves.
 */
export async function connectLegacy(options: LegacyOptions): Promise<LegacySession> {
  const { client, target } = options;
  const { revision: protocolVersion, capabilities, clientInfo } = client;
  const initialize = {
    jsonrpc: "2.0",
    id: createGatewayId("initialize"),
    method: "initialize",
    params: { protocolVersion, capabilities, clientInfo },
  };
  const gate = bufferUntilConnected(options.events);
  const { channel, response } = await openInTime({ ...options, events: gate.events, initialize });
  try {
    const initialized = parseInitialized(response, target.server);
    channel.revision = initialized.protocolVersion;
    await channel.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    if (!gate.open()) throw connectionClosed(target.server);
    return { channel, initialized };
  } catch (error) {
    await channel.close();
    throw error;
  }
}

/**
 * Opens the channel within a total time, which a server that sends its response in small pieces does not extend: the
 * headers have the one timeout of the server, and the whole response has the other.
 */
async function openInTime(options: OpenOptions): Promise<OpenedChannel> {
  const { server, firstByteTimeoutMs, idleTimeoutMs } = options.target;
  const totalMs = firstByteTimeoutMs + idleTimeoutMs;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), totalMs);
  const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
  try {
    return await openChannel({ ...options, signal });
  } catch (error) {
    throw late.signal.aborted ? responseTimeout(server, totalMs) : error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Buffers events until the session is connected. If the connection fails, the exception reports it and `closed` is not
 * called.
 */
function bufferUntilConnected(events: ChannelEvents): { events: ChannelEvents; open: () => boolean } {
  let isOpen = false;
  let isOver = false;
  return {
    events: {
      message: (message, relatedTo) => events.message(message, relatedTo),
      closed(reason) {
        isOver = true;
        if (isOpen) events.closed(reason);
      },
    },
    open() {
      isOpen = !isOver;
      return isOpen;
    },
  };
}

function parseInitialized(answer: JsonObject, server: string): Initialized {
  const error = getMember(answer, "error");
  if (error !== undefined) throw invalidResponse(server, `rejects initialize${errorReason(error)}`);
  const result = getMember(answer, "result");
  if (!isMembers(result)) throw invalidResponse(server, "sent no serverInfo in its initialize result");
  const revision = getMember(result, "protocolVersion");
  if (typeof revision !== "string")
    throw invalidResponse(server, "sent no protocolVersion in its initialize result");
  if (!isLegacyRevision(revision)) {
    const message = `Server ${server} uses protocol revision ${shorten(revision)}, which the gateway does not support.`;
    throw new UpstreamError("upstream_unsupported", server, message);
  }
  const instructions = getMember(result, "instructions");
  return {
    protocolVersion: revision,
    capabilities: objectMembers(getMember(result, "capabilities")),
    serverInfo: objectMembers(getMember(result, "serverInfo")),
    instructions: typeof instructions === "string" ? instructions : undefined,
  };
}

function errorReason(error: unknown): string {
  const message = isMembers(error) ? getMember(error, "message") : undefined;
  return typeof message === "string" && message !== "" ? `: ${shorten(message)}` : "";
}

/** Text of a server is repeated in part only. */
const shorten = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

const objectMembers = (value: unknown): JsonObject => (isMembers(value) ? value : {});
