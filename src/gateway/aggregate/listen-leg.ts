/** One server's part in a caller's subscription: opened, read, and opened again when it breaks. */
import { NotFoundError } from "../../core/errors.ts";
import { selectRequestHeaders } from "../../core/mcp/header-filter.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import {
  getMember,
  isMembers,
  mapObject,
  parseLossless,
  stringifyLossless,
} from "../../core/mcp/lossless-json.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { sleep } from "../../core/timers.ts";
import { eventData, readEvents } from "../../upstream/event-stream.ts";
import { createAbortScope } from "../../upstream/transports/http/exchange.ts";
import type { McpContext } from "../context.ts";
import type { MessageWriter } from "../message-stream.ts";
import { callUpstream } from "../pipeline/call-upstream.ts";
import { sendHttp } from "../pipeline/send-http.ts";
import type { Subscriber } from "./listen.ts";
import type { Offer } from "./offers.ts";
import { outwardEdit } from "./outward.ts";
import { changed, type Wanted } from "./subscriptions.ts";

export interface LegOptions {
  readonly subscriber: Subscriber;
  readonly context: McpContext;
  readonly offer: Offer;
  readonly wanted: Wanted;
  readonly writer: MessageWriter;
}

export interface Leg {
  /** What the server accepted, in the caller's words; nothing where it failed before. */
  readonly acknowledged: Promise<JsonObject>;
  close(): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

export function openLeg(options: LegOptions): Leg {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<JsonObject>();
  options.context.background(keepOpen(options, abort.signal, resolve).catch(() => resolve({})));
  return { acknowledged: promise, close: () => abort.abort() };
}

async function keepOpen(
  options: LegOptions,
  signal: AbortSignal,
  acknowledge: (accepted: JsonObject) => void,
): Promise<void> {
  for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    const opened = Date.now();
    await readOnce(options, signal, acknowledge).catch(() => undefined);
    acknowledge({});
    // A stream that held for a while was a good one.
    if (Date.now() - opened > LONGEST_PAUSE_MS) wait = FIRST_PAUSE_MS;
    await sleep(wait, signal);
    if (signal.aborted) return;
    // Nobody knows what was missed meanwhile.
    for (const flag of options.wanted.flags) await options.writer.write(changed(flag, options.subscriber.id));
  }
}

async function readOnce(
  { subscriber, context, offer, wanted, writer }: LegOptions,
  signal: AbortSignal,
  acknowledge: (accepted: JsonObject) => void,
): Promise<void> {
  const { server } = offer;
  const { tables } = await context.catalogue.known(subscriber.scope, context);
  const owner = {
    principalId: context.principal.id,
    serverId: server.id,
    method: "subscriptions/listen",
    own: "",
  };
  const outward = outwardEdit(owner, server.name, tables, context);
  const stream = await ask({ subscriber, context, offer, wanted }, signal);
  if (stream === undefined) return;
  const reading = { server: server.name, idleMs: undefined, signal };
  for await (const event of readEvents(stream, reading)) {
    const data = eventData(event);
    const message = data === undefined ? undefined : parseLossless(await outward(data));
    if (!isMembers(message)) continue;
    const method = getMember(message, "method");
    if (method === undefined) return;
    if (method === "notifications/subscriptions/acknowledged") {
      acknowledge(acceptedIn(message));
    } else {
      if (/list_changed$/.test(String(method))) context.catalogue.forget(server.id, context);
      await writer.write(message);
    }
  }
}

/** The server's stream; `undefined` if it answered with something else. */
function ask(
  { subscriber, context, offer, wanted }: Omit<LegOptions, "writer">,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const message = mapObject(subscriber.message, "params", (params) =>
    isMembers(params) ? { ...params, notifications: written(wanted) } : params,
  );
  const headers = selectRequestHeaders(subscriber.headers);
  headers.delete(HEADERS.sessionId);
  const request = {
    method: "POST",
    headers,
    body: stringifyLossless(message),
    id: subscriber.id,
    isTranslated: offer.era === "legacy",
  } as const;
  return callUpstream(
    {
      method: "subscriptions/listen",
      operations: [],
      preferred: { server: offer.server, own: "" },
      isAllowed: () => true,
      refuse: () => new NotFoundError(),
      takesSlot: false,
      signal,
      async send(_, attempt) {
        const answer = await sendHttp(request, attempt, context, createAbortScope(signal));
        if (answer.kind === "message") return undefined;
        attempt.establish(answer.status);
        return answer.body;
      },
    },
    context,
  );
}

function written({ flags, resourceSubscriptions, taskIds }: Wanted): JsonObject {
  return {
    ...Object.fromEntries(flags.map((flag) => [flag, true])),
    ...(resourceSubscriptions.length > 0 && { resourceSubscriptions }),
    ...(taskIds.length > 0 && { taskIds }),
  };
}

function acceptedIn(message: JsonObject): JsonObject {
  const params = getMember(message, "params");
  const accepted = isMembers(params) ? getMember(params, "notifications") : undefined;
  return isMembers(accepted) ? accepted : {};
}
