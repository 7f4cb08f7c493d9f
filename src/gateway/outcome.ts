/** Whether a call went well, as its answer tells: read where the answer passes anyway, and only as far as it takes. */
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { isMembers, memberOf, parseLossless } from "../core/mcp/json-text.ts";
import { readBlock } from "../core/mcp/sse.ts";
import type { Outcome } from "./record.ts";

/** Larger answers are taken to have gone well: looking would cost more than it tells. */
export const MOST_BYTES = 256 * 1024;
const TAIL_PIECES = 4;
const MOST_OF_MESSAGE = 4000;

const WELL: Outcome = { success: true };

export function outcomeOf(text: string): Outcome {
  if (!text.includes('"error"') && !text.includes('"isError"')) return WELL;
  const message = parseLossless(text);
  return isMembers(message) ? outcomeIn(message) : WELL;
}

export function outcomeIn(message: JsonObject): Outcome {
  const error = memberOf(message, "error");
  if (isMembers(error)) {
    const code = memberOf(error, "code");
    const text = memberOf(error, "message");
    return {
      success: false,
      code: typeof code === "number" && Number.isSafeInteger(code) ? code : undefined,
      // Cleaned and cut when it leaves (logs/events.ts): half a secret would be told from nothing.
      message: typeof text === "string" ? text.slice(0, MOST_OF_MESSAGE) : undefined,
    };
  }
  const result = memberOf(message, "result");
  const isError = isMembers(result) && memberOf(result, "isError") === true;
  // What the tool says about it may hold anything: that it failed is enough.
  return isError ? { success: false, message: "The tool reported an error." } : WELL;
}

/** Remembers the end of a stream, where the answer is. */
export class StreamTail {
  #pieces: Uint8Array[] = [];

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > TAIL_PIECES) this.#pieces.shift();
  }

  /** The last message; empty where it is too long to be looked at. */
  text(): string {
    const size = this.#pieces.reduce((sum, { length }) => sum + length, 0);
    if (size > MOST_BYTES) return "";
    const decoder = new TextDecoder();
    const text = this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
    const blocks = text.split(/\r?\n\r?\n/).filter((block) => /^data:/m.test(block));
    return readBlock(blocks.at(-1) ?? "").data ?? "";
  }
}
