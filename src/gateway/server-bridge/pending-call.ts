/**
 * A call to a legacy server that outlives a request of a modern client: while the server waits for the client's input,
 * the client has received `input_required` and no request is open.
 */
import {
  createInputRequired,
  type InputRequest,
  isInputMethod,
  toLegacyRequest,
  toModernResponse,
  urlElicitations,
} from "../../core/mcp/eras.ts";
import { type JsonObject, type JsonRpcId, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, mapMember, mapObject } from "../../core/mcp/lossless-json.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { createGatewayId, SessionLostError } from "../../upstream/connection/channel.ts";
import { Notifier } from "../sse/notifier.ts";
import type { MessageWriter } from "../sse/writer.ts";
import { toBridgeError } from "./bridge-error.ts";
import type { PooledSession, SessionUser } from "./session-pool.ts";

/** Servers may send several requests at once; the client gets them together. */
const BATCH_DELAY_MS = 25;
const POLL_INTERVAL_MS = 1000;
const LATE_MESSAGES_MS = 200;
const MAX_BUFFERED = 200;

/** The state of a call that is to be made again once its pages have been visited. */
export const RESUME = "again";

/** "session-lost": the server had lost the session, and has executed nothing of the request. */
export type PendingCallOutcome = "finished" | "waiting" | "lost" | "session-lost";

interface ClientRequest extends InputRequest {
  readonly id: JsonRpcId;
}

export class PendingCall implements SessionUser {
  readonly state: string;
  readonly session: PooledSession;
  readonly #method: string;
  readonly #logs: boolean;
  readonly #abort = new AbortController();
  readonly #requestId = createGatewayId("call");
  readonly #notifier = new Notifier();
  readonly #requests = new Map<string, ClientRequest>();
  #buffered: JsonObject[] = [];
  #answer: JsonObject | undefined;
  #failure: Error | undefined;
  #requestCount = 0;
  #progressToken: unknown;
  #isUnrelated = false;
  isAttended = false;

  constructor(lease: PooledSession, message: JsonObject, headers: HeaderMap, logs: boolean) {
    this.session = lease;
    this.state = crypto.randomUUID();
    this.#method = String(getMember(message, "method"));
    this.#logs = logs;
    lease.user = this;
    const request = toLegacyRequest(message, this.#requestId);
    lease.channel.request(request, { signal: this.#abort.signal, headers }).then(
      (answer) => {
        this.#answer = answer;
        this.#notifier.notify();
      },
      (error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#notifier.notify();
      },
    );
  }

  receive(message: JsonObject, astray: boolean): void {
    const { id, method, params } = message;
    if (typeof method !== "string") return;
    if (typeof id === "string" || typeof id === "number") {
      this.#addRequest(id, method, isMembers(params) ? params : {});
    } else if (method === "notifications/cancelled") {
      this.#withdraw(isMembers(params) ? getMember(params, "requestId") : undefined);
    } else if (isAboutCall(method, this.#logs)) {
      this.#isUnrelated ||= astray;
      if (this.#buffered.length < MAX_BUFFERED) this.#buffered.push(message);
      this.#notifier.notify();
    }
  }

  /** The client's responses; what is still open is requested again. */
  async addResponses(responses: JsonObject): Promise<void> {
    for (const [key, { id }] of this.#requests) {
      const result = getMember(responses, key);
      if (!isMembers(result)) continue;
      this.#requests.delete(key);
      await this.session.channel.send({ jsonrpc: "2.0", id, result });
    }
  }

  /**
   * Serves one request of the client until its response is written. Throws when the client disconnects. The server has
   * the progress token of the first request only; each further request of the client has its own.
   */
  async attend(
    id: JsonRpcId | null,
    progressToken: unknown,
    writer: MessageWriter,
  ): Promise<PendingCallOutcome> {
    this.isAttended = true;
    this.#progressToken = progressToken;
    try {
      for (;;) {
        for (const message of this.#buffered.splice(0)) await writer.write(this.#rename(message));
        const outcome = await this.#settle(id, writer);
        if (outcome !== undefined) return outcome;
        await Promise.race([this.#notifier.wait(), writer.idle(POLL_INTERVAL_MS)]);
      }
    } finally {
      this.isAttended = false;
    }
  }

  /** The client has abandoned the call; the server is notified. */
  async cancel(): Promise<void> {
    this.#abort.abort();
    const params = { requestId: this.#requestId, reason: "Client disconnected." };
    await this.session.channel.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
  }

  async #settle(id: JsonRpcId | null, writer: MessageWriter): Promise<PendingCallOutcome | undefined> {
    const isSessionLost =
      this.#failure instanceof SessionLostError && this.session.isUsed && this.#requestCount === 0;
    if (isSessionLost) return "session-lost";
    if (this.#failure !== undefined) {
      await writer.write(toBridgeError(id, this.#failure));
      return "lost";
    }
    if (this.#answer !== undefined) {
      if (this.#isUnrelated) await this.#waitForLateMessages(writer);
      const pages = urlElicitations(this.#answer);
      const answer =
        pages === undefined
          ? toModernResponse(this.#answer, this.#method, id)
          : createInputRequired(id, new Map(pages.map((page, index) => [`page-${index}`, page])), RESUME);
      await writer.write(answer);
      return "finished";
    }
    if (this.#requests.size === 0) return undefined;
    await new Promise((resolve) => setTimeout(resolve, BATCH_DELAY_MS));
    const questions = [...this.#requests].map(
      ([key, { method, params }]) => [key, { method, params }] as const,
    );
    await writer.write(createInputRequired(id, new Map(questions), this.state));
    return "waiting";
  }

  /** The order between two streams is undefined, so messages that were sent before the response may arrive after it. */
  async #waitForLateMessages(writer: MessageWriter): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LATE_MESSAGES_MS));
    for (const message of this.#buffered.splice(0)) await writer.write(this.#rename(message));
  }

  #rename(message: JsonObject): JsonObject {
    if (message.method !== "notifications/progress" || this.#progressToken === undefined) return message;
    return mapObject(message, "params", (params) =>
      mapMember(params, "progressToken", () => this.#progressToken),
    );
  }

  #addRequest(id: JsonRpcId, method: string, params: JsonObject): void {
    if (!isInputMethod(method)) {
      const error = { code: METHOD_NOT_FOUND, message: "The client does not support this method." };
      void this.session.channel.send({ jsonrpc: "2.0", id, error }).catch(() => undefined);
      return;
    }
    this.#requestCount += 1;
    // Progress tokens and tasks are valid in the upstream session only and are removed.
    const { _meta, task, ...asked } = params;
    this.#requests.set(`question-${this.#requestCount}`, { id, method, params: asked });
    this.#notifier.notify();
  }

  #withdraw(requestId: unknown): void {
    for (const [key, { id }] of this.#requests) if (id === requestId) this.#requests.delete(key);
  }
}

function isAboutCall(method: string, logs: boolean): boolean {
  return method === "notifications/progress" || (logs && method === "notifications/message");
}
