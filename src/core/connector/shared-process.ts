/**
 * Lets several sessions use one process: it is initialized once, requests get IDs that are unique in the process, and what
 * comes back goes to the session of its request. A notification without a request goes to all sessions; a
 * request of the server goes to the session whose request is the latest one pending.
 */
import { type JsonObject, METHOD_NOT_FOUND } from "../mcp/json-rpc.ts";
import { getMember, isMembers, parseLossless, stringifyLossless } from "../mcp/lossless-json.ts";

export interface Delivery {
  /** Undefined: to the process. */
  readonly session: string | undefined;
  readonly text: string;
}

interface PendingRequest {
  readonly session: string;
  readonly id: unknown;
  readonly token: unknown;
}

type Initialized = "no" | "pending" | JsonObject;

export class SharedProcess {
  readonly #sessions = new Set<string>();
  readonly #pending = new Map<number, PendingRequest>();
  /** IDs of the server's requests, with the sessions that they went to. */
  readonly #serverRequests = new Map<unknown, string>();
  #waiting: { readonly session: string; readonly id: unknown }[] = [];
  #initialized: Initialized = "no";
  #isAnnounced = false;
  #lastId = 0;

  get sessions(): readonly string[] {
    return [...this.#sessions];
  }

  addSession(session: string): void {
    this.#sessions.add(session);
  }

  /** Its requests are canceled. */
  removeSession(session: string): readonly Delivery[] {
    this.#sessions.delete(session);
    this.#waiting = this.#waiting.filter((waiting) => waiting.session !== session);
    const own = [...this.#pending].filter(([, request]) => request.session === session);
    const unanswered = [...this.#serverRequests].filter(([, receiver]) => receiver === session);
    for (const [id] of own) this.#pending.delete(id);
    for (const [id] of unanswered) this.#serverRequests.delete(id);
    return [
      ...own.map(([requestId]) =>
        toProcess({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }),
      ),
      ...unanswered.map(([id]) => toProcess({ jsonrpc: "2.0", id, error: NO_CLIENT })),
    ];
  }

  receiveFromSession(session: string, text: string): readonly Delivery[] {
    const message = parseLossless(text);
    if (!isMembers(message)) return [];
    const { id, method } = message;
    if (method === undefined) return this.#respondToServer(session, message);
    if (method === "initialize") return this.#initialize(session, message);
    if (method === "notifications/initialized") {
      if (this.#isAnnounced) return [];
      this.#isAnnounced = true;
      return [toProcess(message)];
    }
    if (method === "notifications/cancelled") return this.#cancel(session, message);
    return [toProcess(id === undefined ? message : this.#track(session, message))];
  }

  receiveFromProcess(text: string): readonly Delivery[] {
    const message = parseLossless(text);
    const messages: readonly unknown[] = Array.isArray(message) ? message : [message];
    return messages.filter(isMembers).flatMap((each) => this.#route(each));
  }

  #route(message: JsonObject): readonly Delivery[] {
    const { id, method } = message;
    if (method === undefined) return this.#respond(message);
    if (id !== undefined) return this.#forwardServerRequest(message);
    if (method === "notifications/progress") return this.#forwardProgress(message);
    if (method === "notifications/cancelled") return this.#forwardCancellation(message);
    return this.sessions.map((session) => ({ session, text: stringifyLossless(message) }));
  }

  #initialize(session: string, message: JsonObject): readonly Delivery[] {
    if (isMembers(this.#initialized)) return [toSession(session, { ...this.#initialized, id: message.id })];
    this.#waiting.push({ session, id: message.id });
    if (this.#initialized === "pending") return [];
    this.#initialized = "pending";
    return [toProcess({ ...message, id: INITIALIZE_ID })];
  }

  #track(session: string, message: JsonObject): JsonObject {
    this.#lastId += 1;
    const id = this.#lastId;
    const params = getMember(message, "params");
    const meta = isMembers(params) ? getMember(params, "_meta") : undefined;
    const token = isMembers(meta) ? getMember(meta, "progressToken") : undefined;
    this.#pending.set(id, { session, id: message.id, token });
    if (token === undefined || !isMembers(params) || !isMembers(meta)) return { ...message, id };
    return { ...message, id, params: { ...params, _meta: { ...meta, progressToken: id } } };
  }

  #respond(message: JsonObject): readonly Delivery[] {
    const { id } = message;
    if (id === INITIALIZE_ID) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#initialized = "result" in message ? message : "no";
      return waiting.map(({ session, id: own }) => toSession(session, { ...message, id: own }));
    }
    const key = Number(id);
    const request = this.#pending.get(key);
    if (request === undefined) return [];
    this.#pending.delete(key);
    return [toSession(request.session, { ...message, id: request.id })];
  }

  #respondToServer(session: string, message: JsonObject): readonly Delivery[] {
    if (this.#serverRequests.get(message.id) !== session) return [];
    this.#serverRequests.delete(message.id);
    return [toProcess(message)];
  }

  #forwardServerRequest(message: JsonObject): readonly Delivery[] {
    const { id, method } = message;
    if (method === "ping") return [toProcess({ jsonrpc: "2.0", id, result: {} })];
    const latest = [...this.#pending.values()].at(-1);
    if (latest === undefined) return [toProcess({ jsonrpc: "2.0", id, error: NO_CLIENT })];
    this.#serverRequests.set(id, latest.session);
    return [toSession(latest.session, message)];
  }

  #forwardProgress(message: JsonObject): readonly Delivery[] {
    const params = getMember(message, "params");
    if (!isMembers(params)) return [];
    const request = this.#pending.get(Number(getMember(params, "progressToken")));
    if (request === undefined) return [];
    return [toSession(request.session, { ...message, params: { ...params, progressToken: request.token } })];
  }

  /** The server withdraws a request of its own. */
  #forwardCancellation(message: JsonObject): readonly Delivery[] {
    const params = getMember(message, "params");
    const id = isMembers(params) ? getMember(params, "requestId") : undefined;
    const session = this.#serverRequests.get(id);
    this.#serverRequests.delete(id);
    return session === undefined ? [] : [toSession(session, message)];
  }

  #cancel(session: string, message: JsonObject): readonly Delivery[] {
    const params = getMember(message, "params");
    const given = isMembers(params) ? getMember(params, "requestId") : undefined;
    const found = [...this.#pending].find(
      ([, request]) => request.session === session && request.id === given,
    );
    if (found === undefined || !isMembers(params)) return [];
    return [toProcess({ ...message, params: { ...params, requestId: found[0] } })];
  }
}

const INITIALIZE_ID = "initialize";
const NO_CLIENT = { code: METHOD_NOT_FOUND, message: "No client is available for this request." };

const toProcess = (message: JsonObject): Delivery => ({
  session: undefined,
  text: stringifyLossless(message),
});
const toSession = (session: string, message: JsonObject): Delivery => ({
  session,
  text: stringifyLossless(message),
});
