/** The single exchanges of legacy Streamable HTTP: the headers that each must carry, and what a status means. */

import { INVALID_REQUEST, type JsonObject, type JsonRpcId } from "../../../core/mcp/json-rpc.ts";
import { getMember, getNumber, isMembers } from "../../../core/mcp/lossless-json.ts";
import { HEADERS } from "../../../core/mcp/revisions.ts";
import type { HeaderMap } from "../../../core/net/headers.ts";
import { type ChannelOptions, type ResumeOptions, SessionLostError } from "../../connection/channel.ts";
import {
  credentialRejected,
  invalidResponse,
  isAuthorizationStatus,
  statusError,
} from "../../connection/errors.ts";
import { isEventStream, type ReadOptions } from "../../connection/event-stream.ts";
import { sendHttp, type UpstreamRequest } from "./exchange.ts";
import { readErrorResponse } from "./responses.ts";

/** Ending the session is optional. */
const DELETE_TIMEOUT_MS = 5000;
/** The specification requires 405; servers without GET support also return the others. */
const NO_STREAM_STATUSES = new Set([404, 405, 501]);

type Stream = ReadableStream<Uint8Array>;
type Method = UpstreamRequest["method"];

export class HttpWire {
  revision: string | undefined;
  sessionId: string | undefined;
  readonly #options: ChannelOptions;

  constructor(options: ChannelOptions | ResumeOptions) {
    this.#options = options;
    if (!("resume" in options)) return;
    this.sessionId = options.resume.sessionId;
    this.revision = options.resume.revision;
  }

  async post(body: string, signal: AbortSignal, extra?: HeaderMap): Promise<Response> {
    const headers = new Map(extra);
    headers.set("accept", "application/json, text/event-stream");
    headers.set("content-type", "application/json");
    return this.#requireSuccess(await this.#exchange("POST", headers, signal, body));
  }

  /** Undefined where the server has no such stream. */
  async openStream(lastEventId: string | undefined, signal: AbortSignal): Promise<Stream | undefined> {
    const headers = new Map([["accept", "text/event-stream"]]);
    if (lastEventId !== undefined) headers.set(HEADERS.lastEventId, lastEventId);
    const response = await this.#requireSuccess(await this.#exchange("GET", headers, signal));
    if (response.ok && isEventStream(response) && response.body !== null) return response.body;
    await response.body?.cancel();
    if (NO_STREAM_STATUSES.has(response.status)) return undefined;
    if (response.ok) throw invalidResponse(this.#server, "answered GET without an event stream");
    throw statusError(this.#server, response.status);
  }

  /** 405, or the server is gone: either way the session is no longer ours to end. */
  async deleteSession(signal: AbortSignal): Promise<void> {
    if (this.sessionId === undefined) return;
    const response = await this.#exchange("DELETE", new Map(), signal);
    await response.body?.cancel();
  }

  takeSession(response: Response): void {
    const id = response.headers.get(HEADERS.sessionId);
    if (id === null) return;
    if (!/^[\x21-\x7e]+$/.test(id)) throw invalidResponse(this.#server, "sent an invalid session ID");
    this.sessionId = id;
  }

  /**
   * A JSON-RPC error is a response, whatever the status. Not so before the handshake has ended: there the status shows
   * what kind of server this is.
   */
  async toStatusError(response: Response, id: JsonRpcId, reading: ReadOptions): Promise<JsonObject> {
    const answer = await readErrorResponse(response, id, reading);
    if (this.sessionId !== undefined && response.status === 400 && mentionsSession(answer)) {
      throw new SessionLostError(this.#server);
    }
    if (answer !== undefined && this.revision !== undefined) return answer;
    throw statusError(this.#server, response.status, answer);
  }

  get #server(): string {
    return this.#options.target.server;
  }

  async #requireSuccess(response: Response): Promise<Response> {
    const isLost = response.status === 404 && this.sessionId !== undefined;
    if (!isLost && !isAuthorizationStatus(response.status)) return response;
    await response.body?.cancel();
    throw isLost ? new SessionLostError(this.#server) : credentialRejected(this.#server, response);
  }

  #exchange(method: Method, headers: HeaderMap, signal: AbortSignal, body?: string): Promise<Response> {
    const { server, url, credential, firstByteTimeoutMs, idleTimeoutMs } = this.#options.target;
    // Headers of a stream may come with its first event only, and that is a matter of silence.
    const timeoutMs = { POST: firstByteTimeoutMs, GET: idleTimeoutMs, DELETE: DELETE_TIMEOUT_MS }[method];
    if (this.revision !== undefined) headers.set(HEADERS.protocolVersion, this.revision);
    if (this.sessionId !== undefined) headers.set(HEADERS.sessionId, this.sessionId);
    const request = {
      server,
      url,
      method,
      headers,
      signal,
      firstByteTimeoutMs: timeoutMs,
      ...(body !== undefined && { body }),
      ...(credential !== undefined && { credential }),
    };
    return sendHttp(request, this.#options.deps);
  }
}

/**
 * An unknown session requires 404, but many servers copy an example of the official SDK that returns 400 and
 * "No valid session ID provided". Taken for an answer it would keep the channel on a session that is gone for good.
 */
function mentionsSession(answer: JsonObject | undefined): boolean {
  const error = getMember(answer, "error");
  if (!isMembers(error)) return false;
  const [code, message] = [getNumber(getMember(error, "code")), getMember(error, "message")];
  const isServers = code === -32000 || code === -32001 || code === INVALID_REQUEST;
  return isServers && typeof message === "string" && /\bsession\b/i.test(message);
}
