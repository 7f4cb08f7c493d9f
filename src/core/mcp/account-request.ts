/**
 * How a caller is informed that a server needs an account of its own: in the modern era by an input request, at revision
 * 2025-11-25 by the error for a required URL elicitation, and otherwise by a tool's error with the link in its text.
 */
import type { JsonObject } from "./json-rpc.ts";
import { getMember, isMembers, mapObject } from "./lossless-json.ts";
import type { Era } from "./revisions.ts";

/** The key of the gateway's own input request. */
const ACCOUNT_INPUT = "gateway-account";

/** The protocol's code for a request that cannot go on before a URL was visited (2025-11-25). */
const URL_ELICITATION_REQUIRED = -32042;
const URL_ELICITATION_REVISION = "2025-11-25";

/** The only requests that an input request may answer. */
const INPUT_METHODS = new Set(["tools/call", "prompts/get", "resources/read"]);

export interface CallingClient {
  readonly era: Era;
  readonly revision: string;
  /** Undefined where the request does not contain it. */
  readonly capabilities: unknown;
  readonly method: string;
  readonly params: JsonObject | undefined;
}

export interface AccountRequest {
  readonly url: string;
  readonly message: string;
  readonly elicitationId: string;
}

export type AccountAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | {
      readonly kind: "error";
      readonly error: { readonly code: number; readonly message: string; readonly data: JsonObject };
    }
  /** Only the gateway's own error can be returned. */
  | { readonly kind: "plain" };

export function toAccountAnswer(client: CallingClient, request: AccountRequest): AccountAnswer {
  const { era, revision, capabilities, method, params } = client;
  const { url, message, elicitationId } = request;
  const elicitation = { mode: "url", elicitationId, url, message };
  if (era === "modern" && INPUT_METHODS.has(method) && canOpenUrls(capabilities) && !hasAnswered(params)) {
    const state = getMember(params, "requestState");
    const inputRequests = { [ACCOUNT_INPUT]: { method: "elicitation/create", params: elicitation } };
    return {
      kind: "result",
      result: {
        resultType: "input_required",
        inputRequests,
        ...(typeof state === "string" && { requestState: state }),
      },
    };
  }
  const mayUnderstand = capabilities === undefined || canOpenUrls(capabilities);
  if (era === "legacy" && revision >= URL_ELICITATION_REVISION && mayUnderstand) {
    return {
      kind: "error",
      error: { code: URL_ELICITATION_REQUIRED, message, data: { elicitations: [elicitation] } },
    };
  }
  if (method !== "tools/call") return { kind: "plain" };
  const content = [{ type: "text", text: message }];
  const result = { content, isError: true, ...(era === "modern" && { resultType: "complete" }) };
  return { kind: "result", result };
}

/** The client has seen the input request, whatever its outcome. */
const hasAnswered = (params: JsonObject | undefined): boolean =>
  getInputResponses(params)?.[ACCOUNT_INPUT] !== undefined;

/** The client reports that the user has agreed to open the URL. */
export function hasAccepted(params: JsonObject | undefined): boolean {
  const response = getInputResponses(params)?.[ACCOUNT_INPUT];
  return isMembers(response) && getMember(response, "action") === "accept";
}

function canOpenUrls(capabilities: unknown): boolean {
  const elicitation = isMembers(capabilities) ? getMember(capabilities, "elicitation") : undefined;
  return isMembers(elicitation) && isMembers(getMember(elicitation, "url"));
}

function getInputResponses(params: JsonObject | undefined): JsonObject | undefined {
  const responses = getMember(params, "inputResponses");
  return isMembers(responses) ? responses : undefined;
}

/** The request without the answer to the gateway's own input request, which the server did not request. */
export function dropAccountInput(message: JsonObject): JsonObject {
  return mapObject(message, "params", (params) => {
    const responses = isMembers(params) ? getInputResponses(params) : undefined;
    if (!isMembers(params) || responses?.[ACCOUNT_INPUT] === undefined) return params;
    const { [ACCOUNT_INPUT]: _, ...others } = responses;
    const { inputResponses: __, ...rest } = params;
    return Object.keys(others).length === 0 ? rest : { ...rest, inputResponses: others };
  });
}
