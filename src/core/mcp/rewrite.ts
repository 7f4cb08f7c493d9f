/**
 * Translates messages between the names that the merged server uses and those of the one server that a request goes
 * to. Everything that is no such name is kept, known or not; a message without one comes back as the very same object.
 */
import type { JsonObject } from "./json-rpc.ts";
import { editText, getMember, isMembers, mapItems, mapMember, mapObject } from "./lossless-json.ts";

/** What a request is about. Which server has it decides where the request goes. */
export interface RequestTarget {
  readonly kind: "tool" | "prompt" | "resource" | "template" | "task";
  readonly value: string;
}

/** From a server's names to those of the merged server. */
export interface ExposedIds {
  readonly uri: (uri: string) => string;
  readonly taskId: (taskId: string) => string;
}

type Change = (value: unknown) => unknown;

/** Where a request names its target: the path inside the parameters. */
function targetLocation(
  request: JsonObject,
): { kind: RequestTarget["kind"]; path: readonly string[] } | undefined {
  const method = getMember(request, "method");
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
      return completionTarget(request);
    default:
      return undefined;
  }
}

function completionTarget(
  request: JsonObject,
): { kind: RequestTarget["kind"]; path: readonly string[] } | undefined {
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
export function getTarget(request: JsonObject): RequestTarget | undefined {
  const location = targetLocation(request);
  if (location === undefined) return undefined;
  const value = at(request, ["params", ...location.path]);
  return typeof value === "string" ? { kind: location.kind, value } : undefined;
}

/** The request with its target under the server's own name. `Mcp-Name` must be written anew from it. */
export function setTarget(request: JsonObject, own: string): JsonObject {
  const location = targetLocation(request);
  return location === undefined
    ? request
    : mapPath(
        request,
        ["params", ...location.path],
        editText(() => own),
      );
}

const RELATED_TASK = "io.modelcontextprotocol/related-task";

/**
 * The task of 2025-11-25 of a message of any kind, in its parameters or its result. For requests and
 * answers on their way to the server as well; what comes back has it done by the functions below.
 */
export function mapRelatedTask(message: JsonObject, mapTaskId: (taskId: string) => string): JsonObject {
  const related = ["_meta", RELATED_TASK, "taskId"];
  const inParams = mapPath(message, ["params", ...related], editText(mapTaskId));
  return mapPath(inParams, ["result", ...related], editText(mapTaskId));
}

/** The answer to a request of this method. Lists go through editList with exposeTool and the tables instead. */
export function exposeResponse(response: JsonObject, method: string, exposed: ExposedIds): JsonObject {
  const result = mapObject(response, "result", resultChange(method, exposed));
  // "Not found" repeats the URI.
  const failed =
    method === "resources/read" ? mapPath(result, ["error", "data", "uri"], editText(exposed.uri)) : result;
  return mapRelatedTask(failed, exposed.taskId);
}

/** A notification, or a request of the server's own. */
export function exposeMessage(message: JsonObject, exposed: ExposedIds): JsonObject {
  return mapRelatedTask(mapObject(message, "params", paramsChange(message, exposed)), exposed.taskId);
}

/** A tool's definition points at its user interface by URI (Apps extension; the flat key is its older spelling). */
export function exposeTool(tool: JsonObject, mapUri: (uri: string) => string): JsonObject {
  const nested = mapPath(tool, ["_meta", "ui", "resourceUri"], editText(mapUri));
  return mapPath(nested, ["_meta", "ui/resourceUri"], editText(mapUri));
}

function resultChange(method: string, exposed: ExposedIds): Change {
  switch (method) {
    case "resources/read":
      return (result) =>
        mapMember(result, "contents", (contents) =>
          mapItems(contents, (content) => mapMember(content, "uri", editText(exposed.uri))),
        );
    case "prompts/get":
      return (result) =>
        mapMember(result, "messages", (messages) =>
          mapItems(messages, (message) => mapMember(message, "content", blocks(exposed))),
        );
    case "tools/call":
    case "tasks/result":
      return toolResult(exposed);
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel":
      return task(exposed);
    case "tasks/list":
      return (result) => mapMember(result, "tasks", (tasks) => mapItems(tasks, task(exposed)));
    default:
      return (result) => result;
  }
}

function paramsChange(message: JsonObject, exposed: ExposedIds): Change {
  switch (getMember(message, "method")) {
    case "notifications/resources/updated":
      return (params) => mapMember(params, "uri", editText(exposed.uri));
    case "notifications/tasks":
    case "notifications/tasks/status":
      return task(exposed);
    case "notifications/subscriptions/acknowledged":
      return (params) =>
        mapMember(params, "notifications", (accepted) =>
          mapMember(
            mapMember(accepted, "resourceSubscriptions", (uris) => mapItems(uris, editText(exposed.uri))),
            "taskIds",
            (taskIds) => mapItems(taskIds, editText(exposed.taskId)),
          ),
        );
    default:
      return (params) => params;
  }
}

/** A tool's result, or the task in its place: flat in the extension, under `task` in 2025-11-25. */
function toolResult(exposed: ExposedIds): Change {
  return (result) => {
    if (!isMembers(result)) return result;
    const rewritten = mapObject(result, "content", blocks(exposed));
    const flat =
      getMember(result, "resultType") === "task"
        ? mapObject(rewritten, "taskId", editText(exposed.taskId))
        : rewritten;
    return mapPath(flat, ["task", "taskId"], editText(exposed.taskId));
  };
}

/** A task's state, with the result that it may carry once it is done. Only tools/call makes tasks. */
function task(exposed: ExposedIds): Change {
  return (state) =>
    mapMember(mapMember(state, "taskId", editText(exposed.taskId)), "result", toolResult(exposed));
}

/** One block of content or a list of them. */
function blocks(exposed: ExposedIds): Change {
  return (content) =>
    Array.isArray(content) ? mapItems(content, (item) => block(item, exposed)) : block(content, exposed);
}

function block(content: unknown, exposed: ExposedIds): unknown {
  if (!isMembers(content)) return content;
  switch (getMember(content, "type")) {
    case "resource_link":
      return mapObject(content, "uri", editText(exposed.uri));
    case "resource":
      return mapPath(content, ["resource", "uri"], editText(exposed.uri));
    default:
      return content;
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, member) => (isMembers(inner) ? getMember(inner, member) : undefined),
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
