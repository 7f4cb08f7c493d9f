/**
 * Translates messages between the names that the merged server uses and those of the one server that a request goes
 * to. Everything that is no such name is kept, known or not; a message without one comes back as the very same object.
 */
import type { JsonObject } from "./json-rpc.ts";
import { isMembers, mapItems, mapMember, mapObject, memberOf, onText } from "./json-text.ts";
import { isListMethod } from "./lists.ts";

/** What a request is about. Which server has it decides where the request goes. */
export interface Target {
  readonly kind: "tool" | "prompt" | "resource" | "template" | "task";
  readonly value: string;
}

/** From a server's names to those of the merged server. */
export interface Outward {
  readonly uri: (uri: string) => string;
  readonly taskId: (taskId: string) => string;
}

type Change = (value: unknown) => unknown;

/** Where a request names its target: the path inside the parameters. */
function placeOf(request: JsonObject): { kind: Target["kind"]; path: readonly string[] } | undefined {
  const method = memberOf(request, "method");
  switch (method) {
    case "tools/call":
      return { kind: "tool", path: ["name"] };
    case "prompts/get":
      return { kind: "prompt", path: ["name"] };
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return { kind: "resource", path: ["uri"] };
    case "tasks/get":
    case "tasks/result":
    case "tasks/update":
    case "tasks/cancel":
      return { kind: "task", path: ["taskId"] };
    case "completion/complete":
      return completed(request);
    default:
      return undefined;
  }
}

function completed(request: JsonObject): { kind: Target["kind"]; path: readonly string[] } | undefined {
  switch (at(request, ["params", "ref", "type"])) {
    case "ref/prompt":
      return { kind: "prompt", path: ["ref", "name"] };
    // The list's template itself, or a URI made from it.
    case "ref/resource":
      return { kind: "template", path: ["ref", "uri"] };
    default:
      return undefined;
  }
}

/** Undefined for requests about no one thing, and for those that fail to name it, which are the caller's error. */
export function targetOf(request: JsonObject): Target | undefined {
  const place = placeOf(request);
  if (place === undefined) return undefined;
  const value = at(request, ["params", ...place.path]);
  return typeof value === "string" ? { kind: place.kind, value } : undefined;
}

/** The request with its target under the server's own name. `Mcp-Name` must be written anew from it. */
export function withTarget(request: JsonObject, own: string): JsonObject {
  const place = placeOf(request);
  return place === undefined
    ? request
    : mapPath(
        request,
        ["params", ...place.path],
        onText(() => own),
      );
}

/** A list request with the server's own cursor, or from the beginning. */
export function withCursor(request: JsonObject, cursor: string | undefined): JsonObject {
  const method = memberOf(request, "method");
  if (typeof method !== "string" || !(isListMethod(method) || method === "tasks/list")) return request;
  const params = memberOf(request, "params");
  const before = isMembers(params) ? params : {};
  if (memberOf(before, "cursor") === cursor) return request;
  const { cursor: _gone, ...rest } = before;
  return { ...request, params: cursor === undefined ? rest : { ...rest, cursor } };
}

export interface Subscriptions {
  readonly resourceSubscriptions: readonly string[];
  readonly taskIds: readonly string[];
}

/** A subscriptions/listen with only what concerns one server, under its own names. */
export function withSubscriptions(request: JsonObject, own: Subscriptions): JsonObject {
  return mapPath(request, ["params", "notifications"], (notifications) =>
    mapMember(
      mapMember(notifications, "resourceSubscriptions", () => own.resourceSubscriptions),
      "taskIds",
      () => own.taskIds,
    ),
  );
}

const RELATED_TASK = "io.modelcontextprotocol/related-task";

/**
 * The task of 2025-11-25 that a message of any kind belongs to, in its parameters or its result. For requests and
 * answers on their way to the server as well; what comes back has it done by the functions below.
 */
export function withRelatedTask(message: JsonObject, mapTaskId: (taskId: string) => string): JsonObject {
  const related = ["_meta", RELATED_TASK, "taskId"];
  const inParams = mapPath(message, ["params", ...related], onText(mapTaskId));
  return mapPath(inParams, ["result", ...related], onText(mapTaskId));
}

/** The answer to a request of this method. Lists go through editList with outwardTool and the tables instead. */
export function outwardResponse(response: JsonObject, method: string, outward: Outward): JsonObject {
  const answered = mapObject(response, "result", resultChange(method, outward));
  // "Not found" repeats the URI.
  const failed =
    method === "resources/read" ? mapPath(answered, ["error", "data", "uri"], onText(outward.uri)) : answered;
  return withRelatedTask(failed, outward.taskId);
}

/** A notification, or a request of the server's own. */
export function outwardMessage(message: JsonObject, outward: Outward): JsonObject {
  return withRelatedTask(mapObject(message, "params", paramsChange(message, outward)), outward.taskId);
}

/** A tool's definition points at its user interface by URI (Apps extension; the flat key is its older spelling). */
export function outwardTool(tool: JsonObject, mapUri: (uri: string) => string): JsonObject {
  const nested = mapPath(tool, ["_meta", "ui", "resourceUri"], onText(mapUri));
  return mapPath(nested, ["_meta", "ui/resourceUri"], onText(mapUri));
}

function resultChange(method: string, outward: Outward): Change {
  switch (method) {
    case "resources/read":
      return (result) =>
        mapMember(result, "contents", (contents) =>
          mapItems(contents, (content) => mapMember(content, "uri", onText(outward.uri))),
        );
    case "prompts/get":
      return (result) =>
        mapMember(result, "messages", (messages) =>
          mapItems(messages, (message) => mapMember(message, "content", blocks(outward))),
        );
    case "tools/call":
    case "tasks/result":
      return toolResult(outward);
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel":
      return task(outward);
    case "tasks/list":
      return (result) => mapMember(result, "tasks", (tasks) => mapItems(tasks, task(outward)));
    default:
      return (result) => result;
  }
}

function paramsChange(message: JsonObject, outward: Outward): Change {
  switch (memberOf(message, "method")) {
    case "notifications/resources/updated":
      return (params) => mapMember(params, "uri", onText(outward.uri));
    case "notifications/tasks":
    case "notifications/tasks/status":
      return task(outward);
    case "notifications/subscriptions/acknowledged":
      return (params) =>
        mapMember(params, "notifications", (accepted) =>
          mapMember(
            mapMember(accepted, "resourceSubscriptions", (uris) => mapItems(uris, onText(outward.uri))),
            "taskIds",
            (taskIds) => mapItems(taskIds, onText(outward.taskId)),
          ),
        );
    default:
      return (params) => params;
  }
}

/** A tool's result, or the task in its place: flat in the extension, under `task` in 2025-11-25. */
function toolResult(outward: Outward): Change {
  return (result) => {
    if (!isMembers(result)) return result;
    const told = mapObject(result, "content", blocks(outward));
    const flat =
      memberOf(result, "resultType") === "task" ? mapObject(told, "taskId", onText(outward.taskId)) : told;
    return mapPath(flat, ["task", "taskId"], onText(outward.taskId));
  };
}

/** A task's state, with the result that it may carry once it is done. Only tools/call makes tasks. */
function task(outward: Outward): Change {
  return (state) =>
    mapMember(mapMember(state, "taskId", onText(outward.taskId)), "result", toolResult(outward));
}

/** One block of content or a list of them. */
function blocks(outward: Outward): Change {
  return (content) =>
    Array.isArray(content) ? mapItems(content, (item) => block(item, outward)) : block(content, outward);
}

function block(content: unknown, outward: Outward): unknown {
  if (!isMembers(content)) return content;
  switch (memberOf(content, "type")) {
    case "resource_link":
      return mapObject(content, "uri", onText(outward.uri));
    case "resource":
      return mapPath(content, ["resource", "uri"], onText(outward.uri));
    default:
      return content;
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, member) => (isMembers(inner) ? memberOf(inner, member) : undefined),
    value,
  );
}

function mapPath(object: JsonObject, path: readonly string[], change: Change): JsonObject {
  const [member, ...rest] = path;
  if (member === undefined) return object;
  return mapObject(object, member, (value) => {
    if (rest.length === 0) return change(value);
    return isMembers(value) ? mapPath(value, rest, change) : value;
  });
}
