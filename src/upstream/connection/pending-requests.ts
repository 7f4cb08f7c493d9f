/** Requests that wait for their answers on a stream that all of them share. */
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import type { Timer } from "../../core/timers.ts";
import { isResponse, responseId } from "./event-stream.ts";

export class PendingRequests {
  readonly #waiting = new Map<JsonRpcId, (answer: JsonObject) => void>();
  readonly #idle: Timer;

  /** The timer runs while a request is pending, from the last activity of the stream. */
  constructor(idle: Timer) {
    this.#idle = idle;
  }

  /** `exchange` sends the request and is given what resolves with the answer to it. */
  async wait(
    id: JsonRpcId,
    exchange: (answer: Promise<JsonObject>) => Promise<JsonObject>,
  ): Promise<JsonObject> {
    if (this.#waiting.has(id))
      throw new Error(`Another request with the ID ${JSON.stringify(id)} is pending.`);
    const answer = new Promise<JsonObject>((resolve) => this.#waiting.set(id, resolve));
    try {
      if (this.#waiting.size === 1) this.#idle.start();
      return await exchange(answer);
    } finally {
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#idle.stop();
    }
  }

  noteActivity(): void {
    if (this.#waiting.size > 0) this.#idle.start();
  }

  stop(): void {
    this.#idle.stop();
  }

  /** Returns false if the message is not a response. A response without a pending request is dropped. */
  resolve(message: JsonObject): boolean {
    if (!isResponse(message)) return false;
    const id = responseId(message);
    if (id !== undefined) this.#waiting.get(id)?.({ ...message, id });
    return true;
  }
}
