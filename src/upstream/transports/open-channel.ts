/**
 * Picks the transport that a server is registered with. `http` stands for both ways that MCP has had to use HTTP: which
 * one a server means shows in how it answers the first message (2025-11-25, transports, backwards compatibility).
 */

import type { Transport } from "../../core/enums.ts";
import { UpstreamError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { getMember, getNumber, isMembers } from "../../core/mcp/lossless-json.ts";
import {
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../../core/mcp/revisions.ts";
import type { ChannelOptions, Request, ResumeOptions, UpstreamChannel } from "../connection/channel.ts";
import { StatusError } from "../connection/errors.ts";
import { HttpChannel } from "./http/channel.ts";

export interface OpenedChannel {
  readonly channel: UpstreamChannel;
  /** To the initialize request, result or error alike. */
  readonly response: JsonObject;
}

export interface OpenOptions extends ChannelOptions {
  readonly transport: Transport;
  /** The first message of every session; the response distinguishes one way of using HTTP from the other. */
  readonly initialize: Request;
  readonly signal?: AbortSignal;
}

/** The transports that most servers do not use are loaded by the first server that does. */
export async function openChannel(options: OpenOptions): Promise<OpenedChannel> {
  const { transport, signal } = options;
  switch (transport) {
    case "http":
      return openHttp(options);
    case "sse":
      return initializeChannel(await openSse(options), options);
    case "websocket": {
      const { openWebSocketChannel } = await import("./websocket/channel.ts");
      return initializeChannel(await openWebSocketChannel(options, signal), options);
    }
    case "stdio": {
      const { openConnectorChannel } = await import("./connector/channel.ts");
      return initializeChannel(await openConnectorChannel(options, signal), options);
    }
  }
}

/** Only Streamable HTTP has sessions that outlive a connection. */
export function resumeChannel(options: ResumeOptions): UpstreamChannel {
  return new HttpChannel(options);
}

async function openSse(options: OpenOptions): Promise<UpstreamChannel> {
  const { openSseChannel } = await import("./sse/channel.ts");
  return openSseChannel(options, options.signal);
}

async function initializeChannel(channel: UpstreamChannel, options: OpenOptions): Promise<OpenedChannel> {
  const { initialize, signal } = options;
  try {
    return {
      channel,
      response: await channel.request(initialize, { ...(signal !== undefined && { signal }) }),
    };
  } catch (error) {
    await channel.close();
    throw error;
  }
}

/** The statuses of a server that does not serve this POST. */
const UNAVAILABLE_STATUSES = new Set([400, 404, 405]);

async function openHttp(options: OpenOptions): Promise<OpenedChannel> {
  const { initialize, signal } = options;
  const channel = new HttpChannel(options);
  try {
    return {
      channel,
      response: await channel.request(initialize, { ...(signal !== undefined && { signal }) }),
    };
  } catch (error) {
    // Nothing of this channel is open: no session, no stream. So it is dropped rather than closed.
    if (!(error instanceof StatusError)) throw error;
    const old = isModernResponse(error.response) ? undefined : await openLegacySse(error, options);
    if (old !== undefined) return old;
    if (error.response === undefined) throw error;
    return { channel, response: error.response };
  }
}

async function openLegacySse(error: StatusError, options: OpenOptions): Promise<OpenedChannel | undefined> {
  if (!UNAVAILABLE_STATUSES.has(error.upstreamStatus)) return undefined;
  let channel: UpstreamChannel;
  try {
    channel = await openSse(options);
  } catch (failure) {
    // It is such a server, and one that must not be reached. Any other failure is less specific than the first.
    if (failure instanceof UpstreamError && failure.code === "upstream_refused") throw failure;
    return undefined;
  }
  return initializeChannel(channel, options);
}

/** Codes by which a server of the modern era is known: it has no older transport to try. */
const MODERN = new Set([
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
  METHOD_NOT_FOUND,
]);

function isModernResponse(answer: JsonObject | undefined): boolean {
  const error = getMember(answer, "error");
  const code = isMembers(error) ? getNumber(getMember(error, "code")) : undefined;
  return code !== undefined && MODERN.has(code);
}
