/**
 * What a passed-through server gives a caller to bring back (task ids, request state) works for that caller alone, as
 * on the aggregated endpoint: behind the gateway's one credential the server cannot distinguish its callers.
 */
import { ProtocolError } from "../../core/errors.ts";
import { INVALID_PARAMS, type JsonObject, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import {
  getMember,
  isMembers,
  mapMember,
  mapObject,
  parseLossless,
  stringifyLossless,
} from "../../core/mcp/lossless-json.ts";
import { getTarget, setTarget } from "../../core/mcp/rewrite.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { openTask } from "../aggregate/request-state.ts";
import { invalidParams, unknownTarget } from "../aggregate/resolve-target.ts";
import { openRequestState } from "../aggregate/route-call.ts";
import { requireTasks } from "../aggregate/task-capability.ts";
import type { McpContext } from "../context/context.ts";
import type { McpPost } from "../request/mcp-post.ts";

const BOUND = /"(?:taskId|taskIds|requestState|gateway-account)"/;

export const hasBoundValues = (text: string) => BOUND.test(text);

/** The body with the server's own values; `undefined` if it holds none and goes on as it came. */
export async function openBoundValues(
  post: McpPost,
  server: SnapshotServer,
  context: McpContext,
): Promise<{ readonly body: string; readonly own: string | undefined } | undefined> {
  const requests = post.messages.flatMap((message) => (message.kind === "request" ? [message] : []));
  if (post.era === "modern") for (const { method, params } of requests) requireTasks(method, params);
  if (requests.some(({ method }) => method === "tasks/list")) {
    throw new ProtocolError("bad_request", {
      code: METHOD_NOT_FOUND,
      message: "tasks/list would return the tasks of every caller. Use tasks/get with a task ID.",
    });
  }
  if (!hasBoundValues(post.text)) return undefined;
  const content = parseLossless(post.text);
  if (Array.isArray(content)) {
    const opened = await Promise.all(
      content.map((item) => (isMembers(item) ? openMessage(item, server, context) : item)),
    );
    return { body: stringifyLossless(opened), own: undefined };
  }
  if (!isMembers(content)) return undefined;
  const opened = await openMessage(content, server, context);
  return { body: stringifyLossless(opened), own: getTarget(opened)?.value };
}

async function openMessage(
  message: JsonObject,
  server: SnapshotServer,
  context: McpContext,
): Promise<JsonObject> {
  const target = getTarget(message);
  const named =
    target?.kind === "task"
      ? setTarget(message, await openTaskId(target.value, server, context))
      : await openTaskIds(message, server, context);
  const owner = {
    principalId: context.principal.id,
    serverId: server.id,
    method: String(getMember(message, "method")),
    own: target === undefined || target.kind === "task" ? "" : target.value,
  };
  const own = await openRequestState(named, owner, context);
  if (own === undefined) throw invalidParams("Invalid requestState.");
  return own;
}

async function openTaskId(sealed: string, { name }: SnapshotServer, context: McpContext): Promise<string> {
  const task = await openTask(context.keyring, context.principal.id, sealed);
  if (task?.server === name) return task.taskId;
  throw unknownTarget({ kind: "task", value: sealed }, "not_found", INVALID_PARAMS);
}

/** Of a subscription: ids of others' tasks are left out, as ids of tasks that do not exist would be. */
async function openTaskIds(
  message: JsonObject,
  { name }: SnapshotServer,
  context: McpContext,
): Promise<JsonObject> {
  const params = getMember(message, "params");
  const notifications = isMembers(params) ? getMember(params, "notifications") : undefined;
  const ids = isMembers(notifications) ? getMember(notifications, "taskIds") : undefined;
  if (!Array.isArray(ids)) return message;
  const opened = await Promise.all(
    ids.map((id) =>
      typeof id === "string" ? openTask(context.keyring, context.principal.id, id) : undefined,
    ),
  );
  const own = opened.flatMap((task) => (task?.server === name ? [task.taskId] : []));
  return mapObject(message, "params", (given) =>
    mapMember(given, "notifications", (wanted) => mapMember(wanted, "taskIds", () => own)),
  );
}
