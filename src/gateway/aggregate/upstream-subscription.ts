/** One server's part in a caller's subscription: opened, read, and opened again when it breaks. */

import { NotFoundError } from "../../core/errors.ts";
import { selectRequestHeaders } from "../../core/mcp/header-filter.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import {
  getMember,
  isMembers,
  mapObject,
  parseLossless,
  stringifyLossless,
} from "../../core/mcp/lossless-json.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { listChanged, type SubscriptionFilter } from "../../core/mcp/subscriptions.ts";
import { sleep } from "../../core/timers.ts";
import { eventData, readEvents } from "../../upstream/connection/event-stream.ts";
import { createAbortScope } from "../../upstream/transports/http/exchange.ts";
import type { CatalogScope } from "../catalog/catalog.ts";
import type { ServerInventory } from "../catalog/inventory-cache.ts";
import type { McpContext } from "../context/context.ts";
import { callUpstream } from "../pipeline/call-upstream.ts";
import { sendHttp } from "../pipeline/send-http.ts";
import type { MessageWriter } from "../sse/writer.ts";
import { createEdit } from "./rewrite-response.ts";

export interface SubscriptionOptions {
  readonly subscriber: Subscriber;
  readonly context: McpContext;
  readonly inventory: ServerInventory;
  readonly filter: SubscriptionFilter;
  readonly writer: MessageWriter;
}

export interface UpstreamSubscription {
  /** What the server accepted, in the caller's words; nothing where it failed before. */
  readonly acknowledged: Promise<JsonObject>;
  close(): void;
}

const MIN_RETRY_DELAY_MS = 1000;
const MAX_RETRY_DELAY_MS = 300_000;

export function openSubscription(options: SubscriptionOptions): UpstreamSubscription {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<JsonObject>();
  options.context.waitUntil(keepOpen(options, abort.signal, resolve).catch(() => resolve({})));
  return { acknowledged: promise, close: () => abort.abort() };
}

async function keepOpen(
  options: SubscriptionOptions,
  signal: AbortSignal,
  acknowledge: (accepted: JsonObject) => void,
): Promise<void> {
  for (let wait = MIN_RETRY_DELAY_MS; !signal.aborted; wait = Math.min(2 * wait, MAX_RETRY_DELAY_MS)) {
    const opened = Date.now();
    await readOnce(options, signal, acknowledge).catch(() => undefined);
    acknowledge({});
    // A stream that held for a while was a good one.
    if (Date.now() - opened > MAX_RETRY_DELAY_MS) wait = MIN_RETRY_DELAY_MS;
    await sleep(wait, signal);
    if (signal.aborted) return;
    // Changes may have been missed while the stream was closed, so all lists are announced as changed.
    for (const flag of options.filter.flags)
      await options.writer.write(listChanged(flag, options.subscriber.id));
  }
}

async function readOnce(
  { subscriber, context, inventory, filter, writer }: SubscriptionOptions,
  signal: AbortSignal,
  acknowledge: (accepted: JsonObject) => void,
): Promise<void> {
  const { server } = inventory;
  const { tables } = await context.catalog.getView(subscriber.scope, context);
  const owner = {
    principalId: context.principal.id,
    serverId: server.id,
    method: "subscriptions/listen",
    own: "",
  };
  const outward = createEdit(owner, server.name, tables, context);
  const stream = await sendListen({ subscriber, context, inventory, filter }, signal);
  if (stream === undefined) return;
  const reading = { server: server.name, idleMs: undefined, signal };
  for await (const event of readEvents(stream, reading)) {
    const data = eventData(event);
    const message = data === undefined ? undefined : parseLossless(await outward(data));
    if (!isMembers(message)) continue;
    const method = getMember(message, "method");
    if (method === undefined) return;
    if (method === "notifications/subscriptions/acknowledged") {
      acknowledge(parseAcknowledgement(message));
    } else {
      if (/list_changed$/.test(String(method))) context.catalog.evict(server.id, context);
      await writer.write(message);
    }
  }
}

/** The server's stream; `undefined` if it answered with something else. */
function sendListen(
  { subscriber, context, inventory, filter }: Omit<SubscriptionOptions, "writer">,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const message = mapObject(subscriber.message, "params", (params) =>
    isMembers(params) ? { ...params, notifications: toParams(filter) } : params,
  );
  const headers = selectRequestHeaders(subscriber.headers, inventory.server.passHeaders);
  headers.delete(HEADERS.sessionId);
  const request = {
    method: "POST",
    headers,
    body: stringifyLossless(message),
    id: subscriber.id,
    isTranslated: inventory.era === "legacy",
  } as const;
  return callUpstream(
    {
      method: "subscriptions/listen",
      operations: [],
      preferred: { server: inventory.server, upstreamName: "" },
      isAllowed: () => true,
      deny: () => new NotFoundError(),
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

function toParams({ flags, resourceSubscriptions, taskIds }: SubscriptionFilter): JsonObject {
  return {
    ...Object.fromEntries(flags.map((flag) => [flag, true])),
    ...(resourceSubscriptions.length > 0 && { resourceSubscriptions }),
    ...(taskIds.length > 0 && { taskIds }),
  };
}

function parseAcknowledgement(message: JsonObject): JsonObject {
  const params = getMember(message, "params");
  const accepted = isMembers(params) ? getMember(params, "notifications") : undefined;
  return isMembers(accepted) ? accepted : {};
}

/** Who listens, and to what. */
export interface Subscriber {
  readonly id: JsonRpcId;
  readonly headers: ReadonlyMap<string, string>;
  readonly scope: CatalogScope;
  /** The subscriptions/listen request. */
  readonly message: JsonObject;
}
