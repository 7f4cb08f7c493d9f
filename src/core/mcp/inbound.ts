/**
 * Determines the era of a POST and compares its headers with its body. The body decides; headers only repeat it,
 * so one that disagrees is refused before anything acts on either (SEP-2243). A request that is wrong in several ways
 * is answered for the first, in the order of the official SDK: version, method, envelope, then missing headers.
 */
import { INVALID_PARAMS, INVALID_REQUEST, isObject, type JsonObject, type Message } from "./json-rpc.ts";
import {
  type Era,
  HEADER_MISMATCH,
  HEADERS,
  isLegacyRevision,
  isModernRevision,
  META,
  MODERN_REVISIONS,
  NAMED_BY,
  UNSTATED_REVISION,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "./revisions.ts";

export interface InboundRejection {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data?: JsonObject;
}

export type Inbound =
  | { readonly ok: true; readonly era: Era; readonly revision: string }
  | { readonly ok: false; readonly rejection: InboundRejection };

/** Returns a header's value without surrounding blanks, or undefined where there is none. */
export type HeaderLookup = (name: string) => string | undefined;

export function classifyPost(message: Message, header: HeaderLookup): Inbound {
  const stated = header(HEADERS.protocolVersion);
  if (message.kind === "response") return legacy(stated);
  const claim = claimedRevision(message.params);
  if (message.kind === "notification") {
    const modern = claim ?? (stated !== undefined && isModernRevision(stated) ? stated : undefined);
    return modern === undefined ? legacy(stated) : { ok: true, era: "modern", revision: modern };
  }
  if (claim !== undefined) return modernRequest(message, claim, stated, header);
  if (stated !== undefined && isModernRevision(stated)) {
    return reject(400, INVALID_PARAMS, `Requests of ${stated} must carry ${META.protocolVersion} in _meta.`);
  }
  if (message.method === "initialize")
    return { ok: true, era: "legacy", revision: initializeRevision(message.params) };
  return legacy(stated);
}

/** A batch exists in one revision only. */
export function classifyBatch(header: HeaderLookup): Inbound {
  const stated = header(HEADERS.protocolVersion) ?? UNSTATED_REVISION;
  return stated === UNSTATED_REVISION
    ? { ok: true, era: "legacy", revision: stated }
    : reject(
        400,
        INVALID_REQUEST,
        `Revision ${stated} does not support batches. Send one message per request.`,
      );
}

function legacy(stated: string | undefined): Inbound {
  const revision = stated ?? UNSTATED_REVISION;
  if (isLegacyRevision(revision)) return { ok: true, era: "legacy", revision };
  return unsupported(revision);
}

function modernRequest(
  message: Message & { kind: "request" },
  claim: string,
  stated: string | undefined,
  header: HeaderLookup,
): Inbound {
  if (stated !== undefined && stated !== claim) return mismatch("MCP-Protocol-Version", stated, claim);
  const method = header(HEADERS.method);
  if (method !== undefined && method !== message.method)
    return mismatch("Mcp-Method", method, message.method);
  if (!isModernRevision(claim)) return unsupported(claim);
  if (!isObject(getMeta(message.params)?.[META.clientCapabilities])) {
    return reject(
      400,
      INVALID_PARAMS,
      `Requests of ${claim} must carry ${META.clientCapabilities} in _meta.`,
    );
  }
  if (stated === undefined) return missing("MCP-Protocol-Version");
  if (method === undefined) return missing("Mcp-Method");
  return checkName(message, header) ?? { ok: true, era: "modern", revision: claim };
}

function checkName(message: Message & { kind: "request" }, header: HeaderLookup): Inbound | undefined {
  const source = NAMED_BY[message.method];
  const name = source === undefined ? undefined : message.params?.[source];
  // A body without a name is the method's own error, and none of the header's.
  if (typeof name !== "string") return undefined;
  const raw = header(HEADERS.name);
  if (raw === undefined) return missing("Mcp-Name");
  const decoded = decodeHeaderValue(raw);
  return decoded === name ? undefined : mismatch("Mcp-Name", decoded ?? raw, name);
}

const SENTINEL = /^=\?base64\?(?<content>.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Values that are no plain ASCII travel as `=?base64?…?=`. Undefined where that is not what it claims to be. */
export function decodeHeaderValue(value: string): string | undefined {
  const content = SENTINEL.exec(value)?.groups?.content;
  if (content === undefined) return value;
  if (!BASE64.test(content)) return undefined;
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function encodeHeaderValue(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith("=?base64?");
  if (plain) return value;
  const bytes = new TextEncoder().encode(value);
  return `=?base64?${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}?=`;
}

export function getMeta(params: JsonObject | undefined): JsonObject | undefined {
  const meta = params?._meta;
  return isObject(meta) ? meta : undefined;
}

function claimedRevision(params: JsonObject | undefined): string | undefined {
  const claim = getMeta(params)?.[META.protocolVersion];
  return typeof claim === "string" ? claim : undefined;
}

/** The client proposes a revision; an unsupported one is negotiated downwards, so it is no error here. */
function initializeRevision(params: JsonObject | undefined): string {
  const asked = params?.protocolVersion;
  return typeof asked === "string" ? asked : UNSTATED_REVISION;
}

function unsupported(requested: string): Inbound {
  return reject(400, UNSUPPORTED_PROTOCOL_VERSION, `Protocol revision ${show(requested)} is not supported.`, {
    supported: [...MODERN_REVISIONS],
    requested,
  });
}

function mismatch(name: string, header: string, body: string): Inbound {
  return reject(
    400,
    HEADER_MISMATCH,
    `Header ${name} (${show(header)}) does not match the body (${show(body)}).`,
  );
}

function missing(name: string): Inbound {
  return reject(400, HEADER_MISMATCH, `The header ${name} is missing.`);
}

/** Whatever a caller wrote is repeated in part only. */
function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function reject(status: number, code: number, message: string, data?: JsonObject): Inbound {
  return { ok: false, rejection: { status, code, message, ...(data !== undefined && { data }) } };
}
