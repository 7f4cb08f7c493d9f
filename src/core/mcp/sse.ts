/**
 * Parses and formats server-sent events, for streams that the gateway reads, edits or writes. Streams that need no
 * parsing are forwarded as bytes.
 */
export interface SseEvent {
  readonly event?: string;
  readonly data?: string;
  readonly id?: string;
  readonly retry?: number;
  /** Lines that began with a colon, without it: keep-alives. */
  readonly comments?: readonly string[];
}

const LINE_END = /\r\n|\n|\r/;
const LINE_ENDS = /\r\n|\n|\r/g;
const LAST_LINE_END = /(?:\r\n|\n|\r)$/;

export function parseEvent(block: string): SseEvent {
  const fields = {
    data: [] as string[],
    comments: [] as string[],
    event: "",
    id: "",
    retry: "",
    hasId: false,
  };
  for (const line of block.split(LINE_END)) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon === 0) {
      fields.comments.push(line.slice(1));
      continue;
    }
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "data") fields.data.push(value);
    else if (name === "event") fields.event = value;
    else if (name === "retry") fields.retry = value;
    // By the standard, readers ignore an id that contains a NUL.
    else if (name === "id" && !value.includes("\0")) Object.assign(fields, { id: value, hasId: true });
  }
  return {
    ...(fields.event !== "" && { event: fields.event }),
    ...(fields.data.length > 0 && { data: fields.data.join("\n") }),
    ...(fields.hasId && { id: fields.id }),
    ...(/^\d+$/.test(fields.retry) && { retry: Number(fields.retry) }),
    ...(fields.comments.length > 0 && { comments: fields.comments }),
  };
}

export function formatEvent(event: SseEvent): string {
  const lines: string[] = [];
  for (const comment of event.comments ?? []) lines.push(`:${comment}`);
  if (event.event !== undefined) lines.push(`event: ${event.event}`);
  if (event.id !== undefined) lines.push(`id: ${event.id}`);
  if (event.retry !== undefined) lines.push(`retry: ${event.retry}`);
  if (event.data !== undefined) for (const line of event.data.split(LINE_END)) lines.push(`data: ${line}`);
  return `${lines.join("\n")}\n\n`;
}

/**
 * Cuts a stream of text into blocks, wherever the pieces happen to break. Each piece is looked at once: a large event
 * comes in thousands of them.
 */
export class EventSplitter {
  #pieces: string[] = [];
  #size = 0;
  /** Nothing stands between here and the last line's end: another end makes a blank line. */
  #atLineStart = true;
  #heldCarriageReturn = "";
  readonly #limit: number;

  /** A block longer than `limit` characters is an attack or a fault, and `push` throws. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(piece: string): string[] {
    // A lone CR at the end may be the first half of CRLF: it waits for the next piece.
    const whole = this.#heldCarriageReturn + piece;
    this.#heldCarriageReturn = whole.endsWith("\r") ? "\r" : "";
    const text = this.#heldCarriageReturn === "" ? whole : whole.slice(0, -1);
    const blocks: string[] = [];
    let start = 0;
    let lineStart = this.#atLineStart ? 0 : -1;
    for (const end of text.matchAll(LINE_ENDS)) {
      const isBlankLine = end.index === lineStart;
      lineStart = end.index + end[0].length;
      if (!isBlankLine) continue;
      this.#append(text.slice(start, end.index));
      blocks.push(this.#take());
      start = lineStart;
    }
    this.#append(text.slice(start));
    if (text !== "") this.#atLineStart = lineStart === text.length;
    return blocks.filter((block) => block !== "");
  }

  /** The bytes after the last blank line. The standard drops them; a relay forwards them. */
  get rest(): string {
    return this.#pieces.join("") + this.#heldCarriageReturn;
  }

  #append(text: string): void {
    this.#size += text.length;
    if (this.#size > this.#limit) throw new RangeError("an event is larger than allowed");
    if (text !== "") this.#pieces.push(text);
  }

  #take(): string {
    const block = this.#pieces.join("").replace(LAST_LINE_END, "");
    this.#pieces = [];
    this.#size = 0;
    return block;
  }
}

/** As much of an event's end as the text before a piece can hold: CR, LF and CR of two line ends. */
const MAX_SPLIT_END = 3;

/**
 * Collects a stream of text up to the end of an event, so that whole events can be edited together. Each piece is
 * searched once, from its end.
 */
export class EventCollector {
  #pieces: string[] = [];
  #size = 0;
  /** The last characters collected, in which the end of an event may have begun. */
  #tail = "";
  readonly #limit: number;

  /** `push` throws when an event is longer than `limit` characters. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the text up to the end of the last whole event; empty if there is none. */
  push(piece: string): string {
    const searched = this.#tail + piece;
    const end = endOfEvents(searched) - this.#tail.length;
    if (end <= 0) {
      this.#collect(piece);
      return "";
    }
    const complete = this.rest + piece.slice(0, end);
    [this.#pieces, this.#size, this.#tail] = [[], 0, ""];
    this.#collect(piece.slice(end));
    return complete;
  }

  /** What was collected since the last whole event. */
  get rest(): string {
    return this.#pieces.join("");
  }

  #collect(piece: string): void {
    this.#size += piece.length;
    if (this.#size > this.#limit) throw new RangeError("an event is larger than allowed");
    if (piece !== "") this.#pieces.push(piece);
    this.#tail = (this.#tail + piece).slice(-MAX_SPLIT_END);
  }
}

/** The index after the last blank line; 0 if there is none. */
function endOfEvents(text: string): number {
  for (let at = text.length - 1; at > 0; at -= 1) {
    if (!isLineEnd(text, at)) continue;
    const before = text[at] === "\n" && text[at - 1] === "\r" ? at - 2 : at - 1;
    if (before >= 0 && isLineEnd(text, before)) return at + 1;
  }
  return 0;
}

const isLineEnd = (text: string, at: number) => text[at] === "\n" || text[at] === "\r";
