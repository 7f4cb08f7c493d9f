/** Calls of a toolset's tools: checks the arguments that the client sends and replaces them by those that the server receives. */
import { ProtocolError } from "../../core/errors.ts";
import type { HeaderLookup } from "../../core/mcp/inbound.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, mapObject } from "../../core/mcp/lossless-json.ts";
import { checkParamHeaders } from "../../core/mcp/param-headers.ts";
import { HEADER_MISMATCH } from "../../core/mcp/revisions.ts";
import type { RequestTarget } from "../../core/mcp/rewrite.ts";
import type { McpContext } from "../context/context.ts";
import { canReach, type ResolvedTarget } from "./resolve-target.ts";

export interface ToolsetCall {
  readonly id: JsonRpcId | null;
  readonly message: JsonObject;
  readonly target: RequestTarget;
  /** Undefined in the legacy era, in which no header repeats an argument. */
  readonly header?: HeaderLookup;
}

export type TranslatedCall =
  | { readonly kind: "call"; readonly message: JsonObject }
  /** A result and not a protocol error, so that the model sees what to correct (SEP-1303). */
  | { readonly kind: "result"; readonly result: JsonObject };

/** A target that the principal cannot use is left to the pipeline, which reports it as unknown. */
export async function translateCall(
  { id, message, target, header }: ToolsetCall,
  { item, tables }: ResolvedTarget,
  context: McpContext,
): Promise<TranslatedCall> {
  const params = getMember(message, "params");
  const isCall = getMember(message, "method") === "tools/call" && isMembers(params);
  if (!isCall || !canReach(item, target, tables, context)) return { kind: "call", message };
  const given = getMember(params, "arguments");
  const translated = await tables.translate(item, given);
  if (translated === undefined) return { kind: "call", message };
  if (translated.kind === "invalid") {
    const operation = context.record.operation(id);
    operation?.setServer(item.inventory.server.id, item.upstreamName);
    operation?.settle({ success: false, reason: "tool_error", message: "Invalid arguments." });
    const text = `Invalid arguments. Correct them and call the tool again.\n${translated.issues.join("\n")}`;
    return { kind: "result", result: { content: [{ type: "text", text }], isError: true } };
  }
  const schema = getMember(tables.getExposedTool(item), "inputSchema");
  const complaint = header && checkParamHeaders(schema, given, header);
  if (complaint !== undefined) throw headerMismatch(complaint);
  const { args } = translated;
  if (args === given) return { kind: "call", message };
  return {
    kind: "call",
    message: mapObject(message, "params", () => ({ ...params, arguments: args })),
  };
}

export const headerMismatch = (message: string) =>
  new ProtocolError("bad_request", { code: HEADER_MISMATCH, message }, 400);
