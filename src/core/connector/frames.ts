/**
 * The messages between a channel of the gateway, the object of a server and a connector. A frame is one text message of
 * a WebSocket: a header in JSON, and for `message` a line break and the text of an MCP message, unchanged. Sequence
 * numbers and acknowledgements are kept by the two ends of a session (session-link.ts); the object only forwards frames.
 *
 * | frame    | sender              | meaning                                                              |
 * | -------- | ------------------- | -------------------------------------------------------------------- |
 * | open     | channel             | start a session                                                      |
 * | message  | channel, connector  | an MCP message; `ack`: all up to this number were passed on          |
 * | ack      | channel, connector  | all up to this number were passed on                                  |
 * | resume   | channel             | the path was replaced; `ack` as above, and the connector's is sent  |
 * | resumed  | connector           | the session exists; what is missing is sent again                    |
 * | end      | channel, connector  | the session is over; a connector sends the reason                    |
 * | detached | object              | the channel's path is gone; the session ends unless it resumes       |
 * | up, down | object              | the channel's connector is reachable, or not                         |
 * | drain    | connector           | it takes no new sessions                                             |
 * | log      | connector           | lines that the server wrote to stderr                                |
 */
import { MAX_EVENT_BYTES } from "../size-limits.ts";

/** Why a session is over, as a connector reports it. */
const SESSION_ENDS = ["exited", "start_failed", "lost", "busy", "too_large", "stopped"] as const;
export type SessionEnd = (typeof SESSION_ENDS)[number];

export type Frame =
  | { readonly kind: "open" | "detached"; readonly session: string }
  | {
      readonly kind: "message";
      readonly session: string;
      readonly seq: number;
      readonly ack: number;
      readonly text: string;
    }
  | { readonly kind: "ack" | "resume" | "resumed"; readonly session: string; readonly ack: number }
  | {
      readonly kind: "end";
      readonly session: string;
      readonly reason: SessionEnd | undefined;
      readonly detail: string;
    }
  | { readonly kind: "up"; readonly instance?: string | undefined }
  | { readonly kind: "down" | "drain" }
  | { readonly kind: "log"; readonly lines: readonly string[] };

export type SessionFrame = Extract<Frame, { readonly session: string }>;

/** Of a frame with its header. */
const MAX_FRAME_LENGTH = MAX_EVENT_BYTES + 1024;
export const MAX_LOG_LINES = 100;
export const MAX_LOG_LINE_LENGTH = 2000;
const MAX_DETAIL_LENGTH = 500;

/** The heartbeat, which the runtime answers without waking the object. */
export const PING = "ping";
export const PONG = "pong";

/** Close codes of a connector's WebSocket, with what a connector does about them. */
export const CLOSE_REPLACED = 4000;
export const CLOSE_REVOKED = 4003;
export const CLOSE_SILENT = 4008;

export function formatFrame(frame: Frame): string {
  if (frame.kind !== "message") return JSON.stringify(frame);
  const { text, ...header } = frame;
  return `${JSON.stringify(header)}\n${text}`;
}

/** Undefined for what is no frame. */
export function parseFrame(data: string): Frame | undefined {
  if (data.length > MAX_FRAME_LENGTH) return undefined;
  const end = data.indexOf("\n");
  const header = parseHeader(end === -1 ? data : data.slice(0, end));
  if (header === undefined) return undefined;
  return toFrame(header, end === -1 ? undefined : data.slice(end + 1));
}

type Header = Readonly<Record<string, unknown>>;

const isHeader = (value: unknown): value is Header =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseHeader(text: string): Header | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isHeader(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
/** Sessions and the processes of connectors have UUIDs. */
export const isUuid = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);

function toFrame(header: Header, text: string | undefined): Frame | undefined {
  const { kind, session } = header;
  if (kind === "down" || kind === "drain") return { kind };
  if (kind === "up") return { kind, instance: isUuid(header.instance) ? header.instance : undefined };
  if (kind === "log") return toLogFrame(header);
  if (!isUuid(session)) return undefined;
  switch (kind) {
    case "open":
    case "detached":
      return { kind, session };
    case "ack":
    case "resume":
    case "resumed":
      return isNumber(header.ack) ? { kind, session, ack: header.ack } : undefined;
    case "end":
      return toEndFrame(header, session);
    case "message": {
      const { seq, ack } = header;
      if (!isNumber(seq) || !isNumber(ack) || text === undefined) return undefined;
      return { kind, session, seq, ack, text };
    }
    default:
      return undefined;
  }
}

function toEndFrame({ reason, detail }: Header, session: string): Frame {
  const known = SESSION_ENDS.find((each) => each === reason);
  const words = typeof detail === "string" ? detail.slice(0, MAX_DETAIL_LENGTH) : "";
  return { kind: "end", session, reason: known, detail: words };
}

function toLogFrame({ lines }: Header): Frame | undefined {
  if (!Array.isArray(lines)) return undefined;
  const items: readonly unknown[] = lines;
  const texts = items.filter((line) => typeof line === "string");
  return {
    kind: "log",
    lines: texts.slice(0, MAX_LOG_LINES).map((line) => line.slice(0, MAX_LOG_LINE_LENGTH)),
  };
}
