/** Requests that wait for their answers on a stream that all of them share. */
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { isResponse, responseId } from "./event-stream.ts";

export class PendingRequests {
  readonly #waiting = new Map<JsonRpcId, (answer: JsonObject) => void>();

  get size(): number {
    return this.#waiting.size;
  }

  add(id: JsonRpcId): Promise<JsonObject> {
    if (this.#waiting.has(id))
      throw new Error(`Another request with the ID ${JSON.stringify(id)} is pending.`);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  remove(id: JsonRpcId): void {
    this.#waiting.delete(id);
  }

  /** Returns false if the message is not a response. A response without a pending request is dropped. */
  resolve(message: JsonObject): boolean {
    if (!isResponse(message)) return false;
    const id = responseId(message);
    if (id !== undefined) this.#waiting.get(id)?.({ ...message, id });
    return true;
  }
}
