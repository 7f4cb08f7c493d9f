/**
 * A call to a legacy server that outlives the requests of a modern client: while the server waits for an answer of
 * the client's, the client has been told so and no request is open.
 */
import { toGatewayError } from "../../core/errors.ts";
import {
  createInputRequired,
  type InputRequest,
  isInputMethod,
  toLegacyRequest,
  toModernResponse,
  urlElicitations,
} from "../../core/mcp/eras.ts";
import { type JsonObject, type JsonRpcId, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, mapMember, mapObject, parseLossless } from "../../core/mcp/lossless-json.ts";
import { gatewayErrorBody } from "../../core/mcp/responses.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { createGatewayId, SessionLostError } from "../../upstream/transports/channel.ts";
import type { MessageWriter } from "../message-stream.ts";
import { Doorbell } from "./doorbell.ts";
import type { Lease, Tenant } from "./lease.ts";

/** Servers may ask several things at once, and clients would rather be asked once. */
const GATHER_MS = 25;
const LOOK_MS = 1000;
const STRAGGLERS_MS = 200;
const MAX_BUFFERED = 200;

/** The state of a call that is to be made again once its pages have been visited. */
export const AGAIN = "again";

/** "forgotten": the server no longer knew the session, and has done nothing of what it was asked. */
export type Outcome = "finished" | "waiting" | "lost" | "forgotten";

interface Question extends InputRequest {
  readonly id: JsonRpcId;
}

export class HeldCall implements Tenant {
  readonly state: string;
  readonly lease: Lease;
  readonly #method: string;
  readonly #logs: boolean;
  readonly #abort = new AbortController();
  readonly #requestId = createGatewayId("call");
  readonly #bell = new Doorbell();
  readonly #questions = new Map<string, Question>();
  #buffered: JsonObject[] = [];
  #answer: JsonObject | undefined;
  #failure: Error | undefined;
  #asked = 0;
  #progressToken: unknown;
  #goesAstray = false;
  isAttended = false;

  constructor(lease: Lease, message: JsonObject, headers: HeaderMap, logs: boolean) {
    this.lease = lease;
    this.state = crypto.randomUUID();
    this.#method = String(getMember(message, "method"));
    this.#logs = logs;
    lease.tenant = this;
    const request = toLegacyRequest(message, this.#requestId);
    lease.channel.request(request, { signal: this.#abort.signal, headers }).then(
      (answer) => {
        this.#answer = answer;
        this.#bell.ring();
      },
      (error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#bell.ring();
      },
    );
  }

  heard(message: JsonObject, astray: boolean): void {
    const { id, method, params } = message;
    if (typeof method !== "string") return;
    if (typeof id === "string" || typeof id === "number") {
      this.#ask(id, method, isMembers(params) ? params : {});
    } else if (method === "notifications/cancelled") {
      this.#withdraw(isMembers(params) ? getMember(params, "requestId") : undefined);
    } else if (isAboutCall(method, this.#logs)) {
      this.#goesAstray ||= astray;
      if (this.#buffered.length < MAX_BUFFERED) this.#buffered.push(message);
      this.#bell.ring();
    }
  }

  /** What the client found out; what is still open will be asked for again. */
  async answer(responses: JsonObject): Promise<void> {
    for (const [key, { id }] of this.#questions) {
      const result = getMember(responses, key);
      if (!isMembers(result)) continue;
      this.#questions.delete(key);
      await this.lease.channel.send({ jsonrpc: "2.0", id, result });
    }
  }

  /**
   * Stays with one request of the client's until its answer is written. Throws when the client is gone. The server
   * knows the progress token of the first request only; each further round of the client's has its own.
   */
  async attend(id: JsonRpcId | null, progressToken: unknown, writer: MessageWriter): Promise<Outcome> {
    this.isAttended = true;
    this.#progressToken = progressToken;
    try {
      for (;;) {
        for (const message of this.#buffered.splice(0)) await writer.write(this.#renamed(message));
        const outcome = await this.#settle(id, writer);
        if (outcome !== undefined) return outcome;
        await Promise.race([this.#bell.wait(), writer.idle(LOOK_MS)]);
      }
    } finally {
      this.isAttended = false;
    }
  }

  /** Nobody waits for it any more, and the server is told. */
  async cancel(): Promise<void> {
    this.#abort.abort();
    const params = { requestId: this.#requestId, reason: "Client disconnected." };
    await this.lease.channel.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
  }

  async #settle(id: JsonRpcId | null, writer: MessageWriter): Promise<Outcome | undefined> {
    const isForgotten = this.#failure instanceof SessionLostError && this.lease.isUsed && this.#asked === 0;
    if (isForgotten) return "forgotten";
    if (this.#failure !== undefined) {
      const body = parseLossless(gatewayErrorBody(id, toGatewayError(this.#failure)));
      if (isMembers(body)) await writer.write(body);
      return "lost";
    }
    if (this.#answer !== undefined) {
      if (this.#goesAstray) await this.#waitForStragglers(writer);
      const pages = urlElicitations(this.#answer);
      const answer =
        pages === undefined
          ? toModernResponse(this.#answer, this.#method, id)
          : createInputRequired(id, new Map(pages.map((page, index) => [`page-${index}`, page])), AGAIN);
      await writer.write(answer);
      return "finished";
    }
    if (this.#questions.size === 0) return undefined;
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    const questions = [...this.#questions].map(
      ([key, { method, params }]) => [key, { method, params }] as const,
    );
    await writer.write(createInputRequired(id, new Map(questions), this.state));
    return "waiting";
  }

  /** Two streams know no order, and what was told before the answer may come after it. */
  async #waitForStragglers(writer: MessageWriter): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, STRAGGLERS_MS));
    for (const message of this.#buffered.splice(0)) await writer.write(this.#renamed(message));
  }

  #renamed(message: JsonObject): JsonObject {
    if (message.method !== "notifications/progress" || this.#progressToken === undefined) return message;
    return mapObject(message, "params", (params) =>
      mapMember(params, "progressToken", () => this.#progressToken),
    );
  }

  #ask(id: JsonRpcId, method: string, params: JsonObject): void {
    if (!isInputMethod(method)) {
      const error = { code: METHOD_NOT_FOUND, message: "The client does not support this method." };
      void this.lease.channel.send({ jsonrpc: "2.0", id, error }).catch(() => undefined);
      return;
    }
    this.#asked += 1;
    // Progress and tasks are for whoever holds the session.
    const { _meta, task, ...asked } = params;
    this.#questions.set(`question-${this.#asked}`, { id, method, params: asked });
    this.#bell.ring();
  }

  #withdraw(requestId: unknown): void {
    for (const [key, { id }] of this.#questions) if (id === requestId) this.#questions.delete(key);
  }
}

function isAboutCall(method: string, logs: boolean): boolean {
  return method === "notifications/progress" || (logs && method === "notifications/message");
}
