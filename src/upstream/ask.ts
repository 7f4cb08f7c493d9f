/** Asks a server itself what it offers, in whichever era it speaks. */

import type { Transport } from "../core/enums.ts";
import { UpstreamError } from "../core/errors.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import type { ListMethod } from "../core/mcp/list-edit.ts";
import { getMember, isMembers } from "../core/mcp/lossless-json.ts";
import { type ListPart, parseListPart } from "../core/mcp/merge-lists.ts";
import { type Era, LATEST_LEGACY, LATEST_MODERN, META } from "../core/mcp/revisions.ts";
import { MAX_LIST_ITEMS, MAX_LIST_PAGES } from "../core/size-limits.ts";
import { AS_CLIENT } from "./about.ts";
import { type ChannelTarget, type ChannelTools, ownId, type UpstreamChannel } from "./channel.ts";
import { detectEra } from "./era.ts";
import { nonsense } from "./failures.ts";
import { connectLegacy } from "./legacy-session.ts";
import { modernRequest } from "./modern-request.ts";

/** Some servers show tools only to clients that can do what the tools need. What one caller cannot do, another can. */
const EVERYTHING: JsonObject = {
  elicitation: { form: {}, url: {} },
  roots: {},
  sampling: { context: {}, tools: {} },
};

export interface Offering {
  readonly era: Era;
  /** The revision that it was asked in. */
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions: string | undefined;
  readonly lists: Readonly<Record<ListMethod, ListPart>>;
}

export interface AskedServer {
  readonly name: string;
  readonly transport: Transport;
}

export async function askServer(
  server: AskedServer,
  target: ChannelTarget,
  tools: ChannelTools,
  signal?: AbortSignal,
): Promise<Offering> {
  const { transport } = server;
  const until = signal === undefined ? {} : { signal };
  const verdict = await detectEra({ target, transport, tools, clientInfo: AS_CLIENT, ...until });
  if (verdict.era === "legacy") return askLegacy(server, target, tools, until);
  const { discovered = {} } = verdict;
  const capabilities = membersOf(getMember(discovered, "capabilities"));
  const ask: Ask = async (method, params) => {
    const { message } = await modernRequest({
      target,
      tools,
      id: ownId("list"),
      method,
      params,
      capabilities: EVERYTHING,
      clientInfo: AS_CLIENT,
      ...until,
    });
    return message;
  };
  return {
    era: "modern",
    revision: LATEST_MODERN,
    capabilities,
    serverInfo: membersOf(getMember(membersOf(getMember(discovered, "_meta")), META.serverInfo)),
    instructions: textOf(getMember(discovered, "instructions")),
    lists: await listsOf(server.name, capabilities, ask),
  };
}

interface Until {
  readonly signal?: AbortSignal;
}

async function askLegacy(
  server: AskedServer,
  target: ChannelTarget,
  tools: ChannelTools,
  until: Until,
): Promise<Offering> {
  const { promise, resolve } = Promise.withResolvers<UpstreamChannel>();
  const { channel, initialized } = await connectLegacy({
    target,
    transport: server.transport,
    tools,
    client: { revision: LATEST_LEGACY, capabilities: EVERYTHING, clientInfo: AS_CLIENT },
    events: {
      message: (message) => void promise.then((open) => decline(message, open)).catch(() => undefined),
      closed: () => undefined,
    },
    ...until,
  });
  resolve(channel);
  try {
    const { capabilities, instructions, serverInfo, protocolVersion: revision } = initialized;
    const ask: Ask = (method, params) =>
      channel.request({ jsonrpc: "2.0", id: ownId("list"), method, params }, until);
    const lists = await listsOf(server.name, capabilities, ask);
    return { era: "legacy", revision, capabilities, serverInfo, instructions, lists };
  } finally {
    await channel.close();
  }
}

/** We only came to look: there is nobody here whom the server could ask. */
async function decline(message: JsonObject, channel: UpstreamChannel): Promise<void> {
  if (!("method" in message && "id" in message)) return;
  const { id, method } = message;
  const answer =
    method === "ping"
      ? { result: {} }
      : method === "roots/list"
        ? { result: { roots: [] } }
        : { error: { code: -32601, message: "Nobody is here to answer." } };
  await channel.send({ jsonrpc: "2.0", id, ...answer });
}

type Ask = (method: ListMethod, params: JsonObject) => Promise<JsonObject>;

/** Servers that do not announce a feature are not asked for it. */
const FEATURES: Record<ListMethod, string> = {
  "tools/list": "tools",
  "prompts/list": "prompts",
  "resources/list": "resources",
  "resources/templates/list": "resources",
};

/** Nothing changes in what a server has not got. */
const NOTHING: ListPart = { items: [], ttlMs: Number.MAX_SAFE_INTEGER, cacheScope: "public" };

async function listsOf(server: string, capabilities: JsonObject, ask: Ask): Promise<Offering["lists"]> {
  const list = (method: ListMethod) =>
    FEATURES[method] in capabilities ? wholeList(server, method, ask) : NOTHING;
  const [tools, prompts, resources, templates] = await Promise.all([
    list("tools/list"),
    list("prompts/list"),
    list("resources/list"),
    list("resources/templates/list"),
  ]);
  return {
    "tools/list": tools,
    "prompts/list": prompts,
    "resources/list": resources,
    "resources/templates/list": templates,
  };
}

async function wholeList(server: string, method: ListMethod, ask: Ask): Promise<ListPart> {
  let list: ListPart | undefined;
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_LIST_PAGES; pages += 1) {
    const message = await ask(method, cursor === undefined ? {} : { cursor });
    const result = getMember(message, "result");
    // A server may announce resources and know no templates.
    if (!isMembers(result) && pages === 0 && method === "resources/templates/list") break;
    if (!isMembers(result)) throw failedToList(server, method);
    const page = parseListPart(method, result);
    list = list === undefined ? page : joined(list, page);
    cursor = textOf(getMember(result, "nextCursor"));
    if (cursor === undefined) return list;
    if (list.items.length > MAX_LIST_ITEMS) break;
  }
  // Half a list would be taken for the whole: what is behind it would never be looked at.
  if (cursor !== undefined) throw nonsense(server, `has more items in ${method} than the gateway reads`);
  return list ?? { items: [] };
}

function joined(list: ListPart, page: ListPart): ListPart {
  const ttlMs =
    list.ttlMs === undefined || page.ttlMs === undefined ? undefined : Math.min(list.ttlMs, page.ttlMs);
  return { ...list, items: [...list.items, ...page.items], ttlMs };
}

function failedToList(server: string, method: string): UpstreamError {
  return new UpstreamError(
    "upstream_invalid",
    server,
    `${server} failed to answer ${method}. Tell its owner.`,
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function membersOf(value: unknown): JsonObject {
  return isMembers(value) ? value : {};
}
