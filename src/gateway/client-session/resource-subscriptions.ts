/** Forwards unsolicited notifications of servers to the client's general stream: changed lists, updated resources. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { HEADERS, LATEST_MODERN, META } from "../../core/mcp/revisions.ts";
import { FLAGS } from "../../core/mcp/subscriptions.ts";
import { followSubscriptions } from "../aggregate/subscriptions-listen.ts";
import { resolveScope } from "../catalog/catalog.ts";
import type { McpContext } from "../context/context.ts";
import type { SessionContext } from "./state.ts";

const LISTEN_ID = "gateway-watching";

export class ResourceSubscriptions {
  readonly #session: SessionContext;
  #stop: (() => void) | undefined;

  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** Anew, with what is watched now. */
  start(context: McpContext): void {
    this.stop();
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    stopped.catch(() => undefined);
    this.#stop = () => reject(new Error("No client is listening."));
    const { state, events } = this.#session;
    const scope = resolveScope(context.tenant, state);
    const message = listenMessage(state.client?.capabilities ?? {}, state.watched);
    const writer = {
      async write(message: JsonObject) {
        const general = withoutSubscription(message);
        if (general !== undefined) events.general.send(general);
      },
      idle: (ms: number) => Promise.race([new Promise<void>((resolve) => setTimeout(resolve, ms)), stopped]),
    };
    const headers = new Map([
      ["accept", "application/json, text/event-stream"],
      ["content-type", "application/json"],
      [HEADERS.protocolVersion, LATEST_MODERN],
      [HEADERS.method, "subscriptions/listen"],
    ]);
    context.waitUntil(
      followSubscriptions({ headers, id: LISTEN_ID, scope, message }, context, writer).catch(() => undefined),
    );
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

function listenMessage(capabilities: JsonObject, resourceSubscriptions: readonly string[]): JsonObject {
  const flags = Object.fromEntries(Object.keys(FLAGS).map((flag) => [flag, true]));
  return {
    jsonrpc: "2.0",
    id: LISTEN_ID,
    method: "subscriptions/listen",
    params: {
      notifications: { ...flags, ...(resourceSubscriptions.length > 0 && { resourceSubscriptions }) },
      _meta: { [META.protocolVersion]: LATEST_MODERN, [META.clientCapabilities]: capabilities },
    },
  };
}

/** The legacy era has no subscriptions to name, nor anything to acknowledge. */
function withoutSubscription(message: JsonObject): JsonObject | undefined {
  const method = getMember(message, "method");
  if (method === undefined || method === "notifications/subscriptions/acknowledged") return undefined;
  const params = getMember(message, "params");
  const meta = isMembers(params) ? getMember(params, "_meta") : undefined;
  if (!isMembers(params) || !isMembers(meta)) return message;
  const { [META.subscriptionId]: _, ...kept } = meta;
  const { _meta, ...others } = params;
  return { ...message, params: Object.keys(kept).length > 0 ? { ...others, _meta: kept } : others };
}
