/** A session as the object holds it: what arrives over HTTP goes in, streams come out. The object adds storage and time. */
import { INVALID_REQUEST, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { isListMethod } from "../../core/mcp/list-edit.ts";
import { getMember, isMembers, parseLossless, stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { errorResponse } from "../../core/mcp/responses.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import type { McpContext } from "../context.ts";
import type { OutboxOptions } from "./outbox.ts";
import { Session } from "./session.ts";
import type { Keeper, SessionState } from "./state.ts";

/** Answered at once and by one message, so a stream would be wasted on them. */
const AT_ONCE = new Set(["initialize", "ping", "logging/setLevel"]);

/** Revisions whose clients know that a stream may begin with an event that says nothing. */
const PRIMING = new Set(["2025-11-25"]);

export class HeldSession {
  readonly session: Session;
  /** 2024-11-05: everything goes out on the one stream. */
  readonly #isSingleStream: boolean;

  constructor(state: SessionState, keeper: Keeper, isSingleStream: boolean) {
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
    const release = context.record.hold();
    if (this.#isSingleStream) {
      context.background(this.session.receive(incoming, this.session.outbox.general).finally(release));
      return new Response(null, { status: 202 });
    }
    if (requests.length === 0) {
      await this.session.receive(incoming, this.session.outbox.general).finally(release);
      return new Response(null, { status: 202 });
    }
    if (!acceptsStream || requests.every(isAtOnce)) {
      return this.#answerAsJson(incoming, Array.isArray(parsed)).finally(release);
    }
    const stream = this.session.outbox.open();
    const done = this.session.receive(incoming, stream).finally(() => {
      stream.finish();
      release();
    });
    context.background(done.catch(() => undefined));
    return stream.respond(0, this.#options(context));
  }

  get(lastEventId: string | undefined, context: McpContext): Response {
    const { outbox } = this.session;
    this.session.attend(context);
    const options = this.#options(context);
    if (lastEventId === undefined) return outbox.general.respond(outbox.general.delivered, options);
    const found = outbox.find(lastEventId);
    // What was said on a stream that nobody remembers is lost; what comes now is not.
    return found === undefined
      ? outbox.general.respond(0, options)
      : found.stream.respond(found.after, options);
  }

  openStream(endpoint: string, context: McpContext): Response {
    this.session.outbox.general.put({ event: "endpoint", data: endpoint });
    return this.session.outbox.general.respond(0, { ...this.#options(context), primes: false });
  }

  async #answerAsJson(incoming: Parameters<Session["receive"]>[0], isBatch: boolean): Promise<Response> {
    const answers: JsonObject[] = [];
    const general = this.session.outbox.general;
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

  #options({ keepAliveMs, background }: McpContext): OutboxOptions {
    return { keepAliveMs, background, primes: PRIMING.has(this.session.state.client?.revision ?? "") };
  }
}

function isAtOnce(message: JsonObject): boolean {
  const method = String(getMember(message, "method"));
  return AT_ONCE.has(method) || isListMethod(method);
}
