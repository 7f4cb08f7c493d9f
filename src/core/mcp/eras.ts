/** Translates between the eras: requests, their responses, and the requests of a server in the middle of a call. */
import { INVALID_PARAMS, type JsonObject, type JsonRpcId } from "./json-rpc.ts";
import { isListMethod } from "./list-edit.ts";
import { getMember, getNumber, isMembers, mapMember, mapObject } from "./lossless-json.ts";
import { META } from "./revisions.ts";

/** Only the modern era writes these. */
const MODERN_META: readonly string[] = [
  META.protocolVersion,
  META.clientCapabilities,
  META.clientInfo,
  META.logLevel,
];
const MODERN_PARAMS = ["inputResponses", "requestState"];
const MODERN_RESULT = ["resultType", "ttlMs", "cacheScope"];

export const RESOURCE_NOT_FOUND = -32002;
const URL_ELICITATION_REQUIRED = -32042;

/** What a legacy server requests of its client, and a modern one puts into a response. */
const INPUT_METHODS = new Set(["elicitation/create", "sampling/createMessage", "roots/list"]);

export const isInputMethod = (method: unknown): method is string =>
  typeof method === "string" && INPUT_METHODS.has(method);

export function toLegacyRequest(request: JsonObject, id: JsonRpcId): JsonObject & { id: JsonRpcId } {
  const params = getMember(request, "params");
  return {
    jsonrpc: "2.0",
    id,
    method: getMember(request, "method"),
    ...(isMembers(params) && {
      params: mapObject(omit(params, MODERN_PARAMS), "_meta", (meta) =>
        isMembers(meta) ? omit(meta, MODERN_META) : meta,
      ),
    }),
  };
}

/** A legacy server's answer to a request of this method, under the id that the client gave. */
export function toModernResponse(response: JsonObject, method: string, id: JsonRpcId | null): JsonObject {
  const answered = { ...response, id };
  const completed = mapObject(answered, "result", (result) =>
    isMembers(result) ? { resultType: "complete", ...result, ...defaultCaching(method, result) } : result,
  );
  return mapObject(completed, "error", (error) =>
    hasCode(error, RESOURCE_NOT_FOUND) ? mapMember(error, "code", () => INVALID_PARAMS) : error,
  );
}

/** Required by the modern era and unknown in the legacy one, so caching is disabled. */
function defaultCaching(method: string, result: JsonObject): JsonObject {
  const isCacheable = isListMethod(method) || /^(?:resources|skills)\//.test(method);
  return isCacheable ? { ttlMs: 0, cacheScope: "private", ...pick(result, ["ttlMs", "cacheScope"]) } : {};
}

/** A modern server's complete answer, under the id that the client gave. */
export function toLegacyResponse(response: JsonObject, method: string, id: JsonRpcId | null): JsonObject {
  const answered = { ...response, id };
  const completed = mapObject(answered, "result", (result) =>
    isMembers(result) ? omit(result, MODERN_RESULT) : result,
  );
  return mapObject(completed, "error", (error) =>
    method === "resources/read" && hasCode(error, INVALID_PARAMS) && namesUri(error)
      ? mapMember(error, "code", () => RESOURCE_NOT_FOUND)
      : error,
  );
}

export interface InputRequest {
  readonly method: string;
  readonly params: JsonObject;
}

/** Returns the input that a modern server requires before it continues; undefined for a final result. */
export function parseInputRequired(
  response: JsonObject,
): { requests: ReadonlyMap<string, InputRequest>; state: string | undefined } | undefined {
  const result = getMember(response, "result");
  if (!isMembers(result) || getMember(result, "resultType") !== "input_required") return undefined;
  const wanted = getMember(result, "inputRequests");
  const requests = new Map<string, InputRequest>();
  for (const [key, request] of Object.entries(isMembers(wanted) ? wanted : {})) {
    const method = isMembers(request) ? getMember(request, "method") : undefined;
    if (!isMembers(request) || typeof method !== "string") continue;
    const params = getMember(request, "params");
    requests.set(key, { method, params: isMembers(params) ? params : {} });
  }
  const state = getMember(result, "requestState");
  return { requests, state: typeof state === "string" ? state : undefined };
}

/** The request again, with the input that the server required. */
export function addInputResponses(
  request: JsonObject,
  responses: JsonObject,
  state: string | undefined,
): JsonObject {
  const params = getMember(request, "params");
  return {
    ...request,
    params: {
      ...(isMembers(params) && params),
      inputResponses: responses,
      ...(state !== undefined && { requestState: state }),
    },
  };
}

export function createInputRequired(
  id: JsonRpcId | null,
  requests: ReadonlyMap<string, InputRequest>,
  state: string,
): JsonObject {
  return {
    jsonrpc: "2.0",
    id,
    result: {
      resultType: "input_required",
      inputRequests: Object.fromEntries(requests),
      requestState: state,
    },
  };
}

/** A legacy server that requires a visit to a page first returns an error, and the request is repeated afterwards. */
export function urlElicitations(response: JsonObject): readonly InputRequest[] | undefined {
  const error = getMember(response, "error");
  if (!isMembers(error) || !hasCode(error, URL_ELICITATION_REQUIRED)) return undefined;
  const data = getMember(error, "data");
  const wanted = isMembers(data) ? getMember(data, "elicitations") : undefined;
  if (!Array.isArray(wanted) || wanted.length === 0) return undefined;
  const items: readonly unknown[] = wanted;
  return items.filter(isMembers).map((params) => ({ method: "elicitation/create", params }));
}

function hasCode(error: unknown, code: number): boolean {
  return isMembers(error) && getNumber(getMember(error, "code")) === code;
}

function namesUri(error: unknown): boolean {
  const data = isMembers(error) ? getMember(error, "data") : undefined;
  return isMembers(data) && "uri" in data;
}

function omit(object: JsonObject, members: readonly string[]): JsonObject {
  if (!members.some((member) => Object.hasOwn(object, member))) return object;
  return Object.fromEntries(Object.entries(object).filter(([member]) => !members.includes(member)));
}

function pick(object: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([member]) => members.includes(member)));
}
