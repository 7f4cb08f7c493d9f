/** The tasks extension of 2026-07-28: which methods it has, and which clients may use them. */
import { ProtocolError } from "../../core/errors.ts";
import { getMeta } from "../../core/mcp/inbound.ts";
import { type JsonObject, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { META, MISSING_CLIENT_CAPABILITY, TASKS_EXTENSION } from "../../core/mcp/revisions.ts";

export const TASK_METHODS: ReadonlySet<string> = new Set(["tasks/get", "tasks/update", "tasks/cancel"]);

/** Of the tasks of 2025-11-25; the extension has them no more. */
const REMOVED_TASK_METHODS = new Set(["tasks/result", "tasks/list"]);

/** Returned here, as no server is known for the id of a task that this caller cannot have. */
export function requireTasks(method: string, params: JsonObject | undefined): void {
  if (REMOVED_TASK_METHODS.has(method)) {
    const message = `${method} does not exist in this revision. Use tasks/get.`;
    throw new ProtocolError("bad_request", { code: METHOD_NOT_FOUND, message }, 404);
  }
  if (!TASK_METHODS.has(method) || canHandleTasks(params)) return;
  throw new ProtocolError(
    "bad_request",
    {
      code: MISSING_CLIENT_CAPABILITY,
      message: "Tasks require a client with the tasks extension.",
      data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    },
    400,
  );
}

function canHandleTasks(params: JsonObject | undefined): boolean {
  const capabilities = getMeta(params)?.[META.clientCapabilities];
  const extensions = isMembers(capabilities) ? getMember(capabilities, "extensions") : undefined;
  return isMembers(extensions) && TASKS_EXTENSION in extensions;
}
