/**
 * Streamable HTTP of the revisions 2025-03-26 to 2025-11-25. Every message is a separate POST, responses arrive as JSON
 * or as a stream, and unsolicited messages arrive on the stream of a GET. A stream that ends early is resumed
 * (Last-Event-ID), which 2025-11-25 makes the ordinary way of waiting.
 */
import { UpstreamError } from "../../../core/errors.ts";
import type { JsonObject, JsonRpcId } from "../../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../../core/mcp/lossless-json.ts";
import { sleep, withTimeout } from "../../../core/timers.ts";
import { AbortScopes } from "../../connection/abort-scope.ts";
import {
  type ChannelOptions,
  type Request,
  type RequestOptions,
  type ResumeOptions,
  SessionLostError,
  type UpstreamChannel,
} from "../../connection/channel.ts";
import {
  connectionClosed,
  idleTimeout,
  invalidResponse,
  isTransient,
  statusError,
  toUpstreamError,
} from "../../connection/errors.ts";
import {
  eventData,
  isEventStream,
  parseMessages,
  type ReadOptions,
  readEvents,
} from "../../connection/event-stream.ts";
import {
  advanceCursor,
  createCursor,
  readJsonResponse,
  readStreamResponse,
  reconnectDelay,
  type StreamCursor,
} from "./responses.ts";
import { HttpWire } from "./wire.ts";

/** Many servers send no headers before there is an event. One that has not responded by now has the stream. */
const CANCEL_GRACE_MS = 1000;

type Stream = ReadableStream<Uint8Array>;

export class HttpChannel implements UpstreamChannel {
  readonly #options: ChannelOptions;
  readonly #wire: HttpWire;
  readonly #scopes: AbortScopes;

  constructor(options: ChannelOptions | ResumeOptions) {
    this.#options = options;
    this.#wire = new HttpWire(options);
    this.#scopes = new AbortScopes(options.target.server);
  }

  get sessionId(): string | undefined {
    return this.#wire.sessionId;
  }

  get revision(): string | undefined {
    return this.#wire.revision;
  }

  set revision(revision: string | undefined) {
    this.#wire.revision = revision;
  }

  request(message: Request, options: RequestOptions = {}): Promise<JsonObject> {
    const { id } = message;
    return this.#run(options.signal, async (signal) => {
      const response = await this.#wire.post(stringifyLossless(message), signal, options.headers);
      if (!response.ok) return this.#wire.toStatusError(response, id, this.#reading(signal));
      if (message.method === "initialize") this.#wire.takeSession(response);
      if (!isEventStream(response)) {
        return readJsonResponse(response, id, this.#relatedRequest(id), this.#reading(signal));
      }
      if (response.body === null) throw invalidResponse(this.#server, "returned an empty event stream");
      return this.#readResponse(response.body, id, signal);
    });
  }

  send(message: JsonObject): Promise<void> {
    return this.#run(undefined, async (signal) => {
      const response = await this.#wire.post(stringifyLossless(message), signal);
      await response.body?.cancel();
      if (!response.ok) throw statusError(this.#server, response.status);
    });
  }

  async listen(lastEventId?: string): Promise<boolean> {
    const { promise: isThere, resolve, reject } = Promise.withResolvers<boolean>();
    let isListening = false;
    const following = this.#run(undefined, async (signal) => {
      const opening = this.#wire.openStream(lastEventId, signal);
      const opened = await withTimeout(
        opening.then((stream) => ({ stream })),
        CANCEL_GRACE_MS,
      );
      isListening = opened === undefined || opened.stream !== undefined;
      resolve(isListening);
      if (isListening) await this.#follow(opening, createCursor(lastEventId), signal);
    });
    following.catch((error: unknown) => {
      reject(error);
      if (isListening) this.#end(toUpstreamError(this.#server, error));
    });
    return isThere;
  }

  async close(): Promise<void> {
    if (!this.#end(undefined)) return;
    // The channel's scope has ended, so the closing request has one of its own.
    const closing = new AbortScopes(this.#server);
    await closing.run(undefined, (signal) => this.#wire.deleteSession(signal)).catch(() => undefined);
  }

  async abandon(): Promise<void> {
    this.#end(undefined);
  }

  get #server(): string {
    return this.#options.target.server;
  }

  async #run<T>(caller: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.#scopes.run(caller, work);
    } catch (error) {
      if (error instanceof SessionLostError) this.#end(error);
      throw error;
    }
  }

  #end(reason: UpstreamError | undefined): boolean {
    const isFirst = this.#scopes.end(reason);
    if (isFirst) this.#options.events.closed(reason);
    return isFirst;
  }

  /** Follows one request's answer over as many streams as the server cuts it into. */
  async #readResponse(first: Stream, id: JsonRpcId, signal: AbortSignal): Promise<JsonObject> {
    const cursor = createCursor();
    const reading = this.#reading(signal, cursor);
    let stream = first;
    for (;;) {
      try {
        const answer = await readStreamResponse(stream, id, this.#relatedRequest(id), reading, cursor);
        if (answer !== undefined) return answer;
      } catch (error) {
        const isBroken = error instanceof UpstreamError && error.code === "upstream_unreachable";
        if (!isBroken || signal.aborted || cursor.lastEventId === undefined) throw error;
      }
      // Without an event's id there is no place to go on from.
      if (cursor.lastEventId === undefined) throw connectionClosed(this.#server);
      const next = await this.#reopen(cursor, signal);
      if (next === undefined) throw connectionClosed(this.#server);
      stream = next;
    }
  }

  async #reopen(cursor: StreamCursor, signal: AbortSignal): Promise<Stream | undefined> {
    const { idleTimeoutMs } = this.#options.target;
    for (;;) {
      await sleep(reconnectDelay(cursor), signal);
      if (Date.now() - cursor.receivedAt > idleTimeoutMs) throw idleTimeout(this.#server, idleTimeoutMs);
      try {
        return await this.#wire.openStream(cursor.lastEventId, signal);
      } catch (error) {
        if (signal.aborted || !isTransient(error)) throw error;
      }
    }
  }

  /** Until the channel is over: breaks and silence only make it open the stream again. */
  async #follow(
    first: Promise<Stream | undefined>,
    cursor: StreamCursor,
    signal: AbortSignal,
  ): Promise<void> {
    let opening = first;
    for (;;) {
      try {
        const stream = await opening;
        // The stream is no longer available. Requests are still answered, so the channel continues without it.
        if (stream === undefined) return;
        for await (const event of readEvents(stream, this.#reading(signal, cursor))) {
          advanceCursor(cursor, event);
          this.#deliver(eventData(event));
        }
      } catch (error) {
        if (isFinal(error)) throw error;
      }
      await sleep(reconnectDelay(cursor), signal);
      if (signal.aborted) return;
      opening = this.#wire.openStream(cursor.lastEventId, signal);
    }
  }

  /** No request depends on this stream, so an invalid event is skipped instead of ending the session. */
  #deliver(data: string | undefined): void {
    for (const message of parseReadable(data, this.#server)) this.#options.events.message(message, undefined);
  }

  #relatedRequest(id: JsonRpcId): (message: JsonObject) => void {
    return (message) => this.#options.events.message(message, id);
  }

  #reading(signal: AbortSignal, cursor?: StreamCursor): ReadOptions {
    const onActivity = () => {
      if (cursor !== undefined) cursor.receivedAt = Date.now();
    };
    return { server: this.#server, idleMs: this.#options.target.idleTimeoutMs, signal, onActivity };
  }
}

function parseReadable(data: string | undefined, server: string): readonly JsonObject[] {
  try {
    return data === undefined ? [] : parseMessages(data, server);
  } catch {
    return [];
  }
}

const isFinal = (error: unknown) =>
  !(error instanceof UpstreamError) || error instanceof SessionLostError || error.code === "upstream_refused";
