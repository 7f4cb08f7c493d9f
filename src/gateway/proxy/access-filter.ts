/** What the caller may not use is not there: absent from the lists of a server, and unknown when it is called. */

import { hashToolsByName } from "../../core/discovery/definition-hash.ts";
import { ProtocolError } from "../../core/errors.ts";
import { RESOURCE_NOT_FOUND } from "../../core/mcp/eras.ts";
import { INVALID_PARAMS, INVALID_REQUEST, type JsonObject, type Message } from "../../core/mcp/json-rpc.ts";
import {
  editListText,
  isListMethod,
  itemKey,
  LIST_MEMBERS,
  type ListMethod,
} from "../../core/mcp/list-edit.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { getTarget } from "../../core/mcp/rewrite.ts";
import type { TargetFacts } from "../../policy/access-policy.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { invalidResponse } from "../../upstream/connection/errors.ts";
import { unknownTarget } from "../aggregate/resolve-target.ts";
import { serverScope } from "../catalog/catalog.ts";
import { KINDS, type NameIndex, targetFacts, USES } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import { recordDenial } from "../pipeline/check-access.ts";
import type { McpPost } from "../request/mcp-post.ts";
import type { EventTransform } from "../sse/transform.ts";

/** The requests of a post whose target the principal may not use, with the error that each is answered with. */
export async function listDenied(
  post: McpPost | undefined,
  server: SnapshotServer,
  context: McpContext,
): Promise<ReadonlyMap<Message, ProtocolError>> {
  const code = post?.era === "modern" ? INVALID_PARAMS : RESOURCE_NOT_FOUND;
  const refused = new Map<Message, ProtocolError>();
  for (const message of post?.messages ?? []) {
    const target = message.kind === "request" ? getTarget(asObject(message)) : undefined;
    if (target === undefined || target.kind === "task") continue;
    const facts =
      target.kind === "tool" && server.holdsChanges ? await callFacts(target.value, server, context) : {};
    if (facts !== undefined && context.access.allows(USES[target.kind], server.id, target.value, facts))
      continue;
    refused.set(message, unknownTarget(target, "forbidden", code));
  }
  return refused;
}

/** The answer to a batch of which a part is refused; single messages are refused by the pipeline. */
export function denyBatch(
  post: McpPost | undefined,
  refused: ReadonlyMap<Message, ProtocolError>,
  server: SnapshotServer,
  context: McpContext,
): Response | undefined {
  if (post?.isBatch !== true || refused.size === 0) return undefined;
  for (const message of refused.keys()) {
    if (message.kind !== "request") continue;
    recordDenial({ server, upstreamName: getTarget(asObject(message))?.value ?? "" }, context);
  }
  return toBatchDenial(post, refused, context);
}

/**
 * Where tool changes are held: the hash of the current definition, which is compared with the approved one. Undefined where
 * the server does not list the tool, or its list cannot be read: then the tool is not called.
 */
async function callFacts(
  name: string,
  server: SnapshotServer,
  context: McpContext,
): Promise<TargetFacts | undefined> {
  const { tables } = await context.catalog.loadView(serverScope(context.tenant, server), context);
  return findFacts(tables, name, server);
}

/** The same without waiting; also undefined where the server's list is not cached or not current. */
export function peekCallFacts(
  name: string,
  server: SnapshotServer,
  { tenant, catalog }: McpContext,
): TargetFacts | undefined {
  if (!server.holdsChanges) return {};
  const view = catalog.peekView(serverScope(tenant, server));
  return view && findFacts(view.tables, name, server);
}

function findFacts(tables: NameIndex, name: string, server: SnapshotServer): TargetFacts | undefined {
  const hash = tables.findServer(server.name)?.hashes.get(name);
  return hash === undefined ? undefined : { hash };
}

/** Nothing of it is executed, and every request of it gets the reason. */
function toBatchDenial(
  { messages }: McpPost,
  refused: ReadonlyMap<Message, ProtocolError>,
  { record }: McpContext,
): Response {
  const undone = new ProtocolError("bad_request", {
    code: INVALID_REQUEST,
    message: "Rejected because another message in the batch was denied. Send this message separately.",
  });
  const answers = messages.flatMap((message) => {
    if (message.kind !== "request") return [];
    const error = refused.get(message) ?? undone;
    record.operation(message.id)?.fail(error);
    return [{ jsonrpc: "2.0", id: message.id, error: error.rpc }];
  });
  return Response.json(answers, { headers: { "cache-control": "no-store" } });
}

/** For answers to lists; nothing else is touched. */
export function createListEdit(
  post: McpPost | undefined,
  server: SnapshotServer,
  { access }: McpContext,
): EventTransform | undefined {
  const lists = (post?.messages ?? []).flatMap((message) =>
    message.kind === "request" && isListMethod(message.method) ? [message.method] : [],
  );
  const [method] = lists;
  if (method === undefined || !access.isPersonal) return undefined;
  let hashes: ReadonlyMap<string, string> = new Map();
  const keep = (of: ListMethod) => (item: JsonObject) => {
    const own = itemKey(of, item);
    if (own === undefined) return false;
    const hash = of === "tools/list" ? hashes.get(own) : undefined;
    return access.allows(KINDS[of], server.id, own, targetFacts(item, hash));
  };
  // In a batch, the member shows which list it is.
  const edits = [...new Set(lists)].map(
    (of) => (text: string) => editListText(text, of, { keep: keep(of), isPersonal: post?.era === "modern" }),
  );
  return async (text) => {
    if (text.trim() === "") return text;
    // Only who has approved tools by hash pays for hashing them.
    if (server.approved !== undefined && lists.includes("tools/list"))
      hashes = await hashToolsByName(parseTools(text));
    return edits.reduce((edited, edit) => edit(edited) ?? unreadableList(server), text);
  };
}

/** What cannot be read cannot be filtered, and is not shown. */
function unreadableList({ name }: SnapshotServer): never {
  throw invalidResponse(name, "returned an invalid list");
}

function asObject({ method, params }: Message & { kind: "request" }): JsonObject {
  return { method, params };
}

/** Of a response, or of all those in a batch. */
function parseTools(text: string): JsonObject[] {
  const content = parseLossless(text);
  const { member } = LIST_MEMBERS["tools/list"];
  return [content].flat().flatMap((response) => {
    const result = isMembers(response) ? getMember(response, "result") : undefined;
    const items = isMembers(result) ? getMember(result, member) : undefined;
    return Array.isArray(items) ? items.filter(isMembers) : [];
  });
}
