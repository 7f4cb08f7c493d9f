/**
 * An upstream's messages in the words of the merged server: URIs that would lead elsewhere are wrapped, task ids and
 * request state are sealed to the caller. What holds none of them goes on as the text that came.
 */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import {
  getMember,
  isMembers,
  mapMember,
  mapObject,
  parseLossless,
  stringifyLossless,
} from "../../core/mcp/lossless-json.ts";
import { type ExposedIds, exposeMessage, exposeResponse } from "../../core/mcp/rewrite.ts";
import type { NameIndex } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import type { EventTransform } from "../sse/transform.ts";
import { type StateOwner, sealRequestState, sealTask } from "./request-state.ts";

/** Nothing to change without one of these; most messages have none, and are not even parsed. */
const REWRITTEN_MEMBERS = /"(?:uri|taskId|taskIds|requestState|resourceUri|resourceSubscriptions)"/;

const SEALED = /"(?:taskId|taskIds|requestState)"/;

/** Converts a server's message to the message for the client. Returns the same object if nothing changes. */
export type ResponseRewriter = (message: JsonObject) => Promise<JsonObject>;

export function createResponseRewriter(
  owner: StateOwner,
  server: string,
  tables: NameIndex,
  context: McpContext,
): ResponseRewriter {
  return (message) => translate(message, owner, server, uriMap(server, tables), context);
}

type MapUri = (own: string) => string;

const uriMap =
  (server: string, tables: NameIndex): MapUri =>
  (own) =>
    tables.exposeUri(server, own);

export function createEdit(
  owner: StateOwner,
  server: string,
  tables: NameIndex,
  context: McpContext,
): EventTransform {
  return createConditionalEdit(REWRITTEN_MEMBERS, (message) =>
    translate(message, owner, server, uriMap(server, tables), context),
  );
}

/** For a server that is passed through: its URIs stay, and what it gives to one caller works for that caller alone. */
export function createSealingEdit(owner: StateOwner, server: string, context: McpContext): EventTransform {
  return createConditionalEdit(SEALED, (message) => translate(message, owner, server, (own) => own, context));
}

function createConditionalEdit(interesting: RegExp, change: ResponseRewriter): EventTransform {
  const edit = async (text: string) => {
    if (!interesting.test(text)) return text;
    const content = parseLossless(text);
    if (Array.isArray(content)) {
      return stringifyLossless(
        await Promise.all(content.map((item) => (isMembers(item) ? change(item) : item))),
      );
    }
    if (!isMembers(content)) return text;
    const changed = await change(content);
    return changed === content ? text : stringifyLossless(changed);
  };
  return Object.assign(edit, { only: interesting });
}

async function translate(
  message: JsonObject,
  owner: StateOwner,
  server: string,
  uri: MapUri,
  context: McpContext,
): Promise<JsonObject> {
  const change = (outward: ExposedIds) =>
    "method" in message ? exposeMessage(message, outward) : exposeResponse(message, owner.method, outward);
  const sealedTasks = await sealTasks(collectTaskIds(change), server, context);
  const renamed = change({ uri, taskId: (own) => sealedTasks.get(own) ?? own });
  return sealResponseState(renamed, owner, context);
}

/** Sealing takes a promise and renaming cannot wait, so the ids are found first. */
function collectTaskIds(change: (outward: ExposedIds) => JsonObject): Set<string> {
  const found = new Set<string>();
  change({
    uri: (uri) => uri,
    taskId(taskId) {
      found.add(taskId);
      return taskId;
    },
  });
  return found;
}

async function sealTasks(
  ids: Set<string>,
  server: string,
  context: McpContext,
): Promise<Map<string, string>> {
  const sealed = await Promise.all(
    [...ids].map(async (taskId) => {
      const outside = await sealTask(context.keyring, context.principal.id, { server, taskId });
      return [taskId, outside] as const;
    }),
  );
  return new Map(sealed);
}

async function sealResponseState(
  message: JsonObject,
  owner: StateOwner,
  context: McpContext,
): Promise<JsonObject> {
  const result = getMember(message, "result");
  const state = isMembers(result) ? getMember(result, "requestState") : undefined;
  if (typeof state !== "string") return message;
  const sealed = await sealRequestState(context.keyring, owner, state, Date.now());
  return mapObject(message, "result", (value) => mapMember(value, "requestState", () => sealed));
}
