/** Fetches the inventory of a server from the server itself, in its era. */
import type { Transport } from "../core/enums.ts";
import { UpstreamError } from "../core/errors.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import type { ListMethod } from "../core/mcp/list-edit.ts";
import { getMember, isMembers } from "../core/mcp/lossless-json.ts";
import { type ListPart, parseListPart } from "../core/mcp/merge-lists.ts";
import { type Era, LATEST_LEGACY, LATEST_MODERN, META } from "../core/mcp/revisions.ts";
import { DISCOVERY_TOTAL_TIMEOUT_MS, MAX_LIST_ITEMS, MAX_LIST_PAGES } from "../core/size-limits.ts";
import { CLIENT_INFO } from "../product.ts";
import {
  type ChannelDeps,
  type ChannelTarget,
  createGatewayId,
  type UpstreamChannel,
} from "./connection/channel.ts";
import { invalidResponse, responseTimeout } from "./connection/errors.ts";
import { detectEra } from "./protocol/era-detection.ts";
import { connectLegacy } from "./protocol/legacy-session.ts";
import { sendModernRequest } from "./protocol/modern-request.ts";

/** Some servers show tools only to clients that can do what the tools need. What one caller cannot do, another can. */
const EVERYTHING: JsonObject = {
  elicitation: { form: {}, url: {} },
  roots: {},
  sampling: { context: {}, tools: {} },
};

export interface FetchedInventory {
  readonly era: Era;
  /** The revision of the requests. */
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions: string | undefined;
  readonly lists: Readonly<Record<ListMethod, ListPart>>;
}

export interface InventoryTarget {
  readonly name: string;
  readonly transport: Transport;
}

/** Fetches all lists, with all of their pages, within one total time. */
export async function fetchInventory(
  server: InventoryTarget,
  target: ChannelTarget,
  tools: ChannelDeps,
): Promise<FetchedInventory> {
  const signal = AbortSignal.timeout(DISCOVERY_TOTAL_TIMEOUT_MS);
  try {
    return await fetchUntil(server, target, tools, { signal });
  } catch (error) {
    throw signal.aborted ? responseTimeout(server.name, DISCOVERY_TOTAL_TIMEOUT_MS) : error;
  }
}

async function fetchUntil(
  server: InventoryTarget,
  target: ChannelTarget,
  tools: ChannelDeps,
  until: AbortOptions,
): Promise<FetchedInventory> {
  const { transport } = server;
  const verdict = await detectEra({ target, transport, tools, clientInfo: CLIENT_INFO, ...until });
  if (verdict.era === "legacy") return fetchLegacyInventory(server, target, tools, until);
  const { discovered = {} } = verdict;
  const capabilities = objectMembers(getMember(discovered, "capabilities"));
  const ask: SendRequest = async (method, params) => {
    const { message } = await sendModernRequest({
      target,
      tools,
      id: createGatewayId("list"),
      method,
      params,
      capabilities: EVERYTHING,
      clientInfo: CLIENT_INFO,
      ...until,
    });
    return message;
  };
  return {
    era: "modern",
    revision: LATEST_MODERN,
    capabilities,
    serverInfo: objectMembers(getMember(objectMembers(getMember(discovered, "_meta")), META.serverInfo)),
    instructions: toText(getMember(discovered, "instructions")),
    lists: await fetchLists(server.name, capabilities, ask),
  };
}

interface AbortOptions {
  readonly signal: AbortSignal;
}

async function fetchLegacyInventory(
  server: InventoryTarget,
  target: ChannelTarget,
  deps: ChannelDeps,
  until: AbortOptions,
): Promise<FetchedInventory> {
  const { promise, resolve } = Promise.withResolvers<UpstreamChannel>();
  const { channel, initialized } = await connectLegacy({
    target,
    transport: server.transport,
    deps,
    client: { revision: LATEST_LEGACY, capabilities: EVERYTHING, clientInfo: CLIENT_INFO },
    events: {
      message: (message) => void promise.then((open) => decline(message, open)).catch(() => undefined),
      closed: () => undefined,
    },
    ...until,
  });
  resolve(channel);
  try {
    const { capabilities, instructions, serverInfo, protocolVersion: revision } = initialized;
    const ask: SendRequest = (method, params) =>
      channel.request({ jsonrpc: "2.0", id: createGatewayId("list"), method, params }, until);
    const lists = await fetchLists(server.name, capabilities, ask);
    return { era: "legacy", revision, capabilities, serverInfo, instructions, lists };
  } finally {
    await channel.close();
  }
}

/** No client takes part in discovery, so requests of the server are declined. */
async function decline(message: JsonObject, channel: UpstreamChannel): Promise<void> {
  if (!("method" in message && "id" in message)) return;
  const { id, method } = message;
  const answer =
    method === "ping"
      ? { result: {} }
      : method === "roots/list"
        ? { result: { roots: [] } }
        : { error: { code: -32601, message: "No client is available for this request." } };
  await channel.send({ jsonrpc: "2.0", id, ...answer });
}

type SendRequest = (method: ListMethod, params: JsonObject) => Promise<JsonObject>;

/** A list is requested only of servers that announce its feature. */
const FEATURES: Record<ListMethod, string> = {
  "tools/list": "tools",
  "prompts/list": "prompts",
  "resources/list": "resources",
  "resources/templates/list": "resources",
};

/** Nothing changes in what a server has not got. */
const EMPTY_LISTS: ListPart = { items: [], ttlMs: Number.MAX_SAFE_INTEGER, cacheScope: "public" };

async function fetchLists(
  server: string,
  capabilities: JsonObject,
  ask: SendRequest,
): Promise<FetchedInventory["lists"]> {
  const list = (method: ListMethod) =>
    FEATURES[method] in capabilities ? fetchList(server, method, ask) : EMPTY_LISTS;
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

async function fetchList(server: string, method: ListMethod, ask: SendRequest): Promise<ListPart> {
  let list: ListPart | undefined;
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_LIST_PAGES; pages += 1) {
    const message = await ask(method, cursor === undefined ? {} : { cursor });
    const result = getMember(message, "result");
    // A server may announce resources and support no templates.
    if (!isMembers(result) && pages === 0 && method === "resources/templates/list") break;
    if (!isMembers(result)) throw listError(server, method);
    const page = parseListPart(method, result);
    list = list === undefined ? page : joinPages(list, page);
    cursor = toText(getMember(result, "nextCursor"));
    if (cursor === undefined) return list;
    if (list.items.length > MAX_LIST_ITEMS) break;
  }
  // Half a list would be taken for the whole: what is behind it would never be looked at.
  if (cursor !== undefined)
    throw invalidResponse(server, `has more items in ${method} than the gateway reads`);
  return list ?? { items: [] };
}

function joinPages(list: ListPart, page: ListPart): ListPart {
  const ttlMs =
    list.ttlMs === undefined || page.ttlMs === undefined ? undefined : Math.min(list.ttlMs, page.ttlMs);
  return { ...list, items: [...list.items, ...page.items], ttlMs };
}

function listError(server: string, method: string): UpstreamError {
  return new UpstreamError(
    "upstream_invalid",
    server,
    `Server ${server} failed ${method}. Contact its owner.`,
  );
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function objectMembers(value: unknown): JsonObject {
  return isMembers(value) ? value : {};
}
