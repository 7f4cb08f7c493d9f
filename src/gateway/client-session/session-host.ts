/** A session as the object holds it: what arrives over HTTP goes in, streams come out. The object adds storage and time. */
import { INVALID_REQUEST, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { isListMethod } from "../../core/mcp/list-edit.ts";
import { getMember, isMembers, parseLossless, stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { errorResponse } from "../../core/mcp/responses.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { withTimeout } from "../../core/timers.ts";
import type { McpContext } from "../context/context.ts";
import type { EventStoreOptions } from "./event-store.ts";
import { Session } from "./session.ts";
import type { SessionState, StateStore } from "./state.ts";

/** Answered at once and by one message, so a stream would be wasted on them. */
const IMMEDIATE_METHODS = new Set(["initialize", "ping", "logging/setLevel"]);

/** A stream begins when its call was charged, so that its headers have what is left of budgets, or after this time. */
const MAX_HEADER_DELAY_MS = 1000;

/** Revisions whose clients accept that a stream begins with an empty event. */
const PRIMING_REVISIONS = new Set(["2025-11-25"]);

export class SessionHost {
  readonly session: Session;
  /** 2024-11-05: everything goes out on the one stream. */
  readonly #isSingleStream: boolean;

  constructor(state: SessionState, keeper: StateStore, isSingleStream: boolean) {
    this.session = new Session(state, keeper);
    this.#isSingleStream = isSingleStream;
  }

  async post(
    text: string,
    headers: HeaderMap,
    acceptsStream: boolean,
    context: McpContext,
  ): Promise<Response> {
    const parsed = parseLossless(text);
    const messages = (Array.isArray(parsed) ? parsed : [parsed]).filter(isMembers);
    const incoming = { messages, headers, context };
    const requests = messages.filter((message) => "method" in message && "id" in message);
    const release = context.record.deferCompletion();
    if (this.#isSingleStream) {
      context.waitUntil(this.session.receive(incoming, this.session.events.general).finally(release));
      return new Response(null, { status: 202 });
    }
    if (requests.length === 0) {
      await this.session.receive(incoming, this.session.events.general).finally(release);
      return new Response(null, { status: 202 });
    }
    if (!acceptsStream || requests.every(isImmediate)) {
      return this.#answerAsJson(incoming, Array.isArray(parsed)).finally(release);
    }
    const stream = this.session.events.open();
    // Before the call begins: it may be charged at once.
    const charged = context.tenant.budgets === undefined ? undefined : context.record.whenCharged();
    const done = this.session.receive(incoming, stream).finally(() => {
      stream.finish();
      release();
    });
    const ended = done.catch(() => undefined);
    context.waitUntil(ended);
    if (charged !== undefined) await withTimeout(Promise.race([charged, ended]), MAX_HEADER_DELAY_MS);
    return stream.respond(0, this.#options(context));
  }

  get(lastEventId: string | undefined, context: McpContext): Response {
    const { events } = this.session;
    this.session.attend(context);
    const options = this.#options(context);
    if (lastEventId === undefined) return events.general.respond(events.general.deliveredCount, options);
    const found = events.find(lastEventId);
    // Events of an unknown stream are lost; the general stream continues with new ones.
    return found === undefined
      ? events.general.respond(0, options)
      : found.stream.respond(found.after, options);
  }

  openStream(endpoint: string, context: McpContext): Response {
    this.session.events.general.append({ event: "endpoint", data: endpoint });
    return this.session.events.general.respond(0, { ...this.#options(context), primes: false });
  }

  async #answerAsJson(incoming: Parameters<Session["receive"]>[0], isBatch: boolean): Promise<Response> {
    const answers: JsonObject[] = [];
    const general = this.session.events.general;
    const send = (message: JsonObject) => {
      if ("method" in message) general.send(message);
      else answers.push(message);
    };
    await this.session.receive(incoming, { send });
    const [only] = answers;
    if (only === undefined)
      return errorResponse(400, null, { code: INVALID_REQUEST, message: "No pending request with this ID." });
    return new Response(stringifyLossless(isBatch ? answers : only), {
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  }

  #options({ keepAliveMs, waitUntil }: McpContext): EventStoreOptions {
    return {
      keepAliveMs,
      waitUntil,
      primes: PRIMING_REVISIONS.has(this.session.state.client?.revision ?? ""),
    };
  }
}

function isImmediate(message: JsonObject): boolean {
  const method = String(getMember(message, "method"));
  return IMMEDIATE_METHODS.has(method) || isListMethod(method);
}
