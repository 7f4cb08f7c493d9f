/** Requests of servers to the client, under ids of the session's own: two servers may use the same. */
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember } from "../../core/mcp/lossless-json.ts";
import type { Sink } from "./event-store.ts";

/** Long enough for a person to answer. */
const CLIENT_TIMEOUT_MS = 900_000;

export class ClientRequests {
  readonly #open = new Map<JsonRpcId, (response: JsonObject) => void>();
  #count = 0;

  /** Rejects when the request is withdrawn or its caller has ended. */
  async send(
    request: JsonObject,
    stream: Sink,
    ...signals: readonly (AbortSignal | undefined)[]
  ): Promise<JsonObject> {
    this.#count += 1;
    const id = `gateway-question-${this.#count}`;
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const withdraw = () => {
      const params = { requestId: id, reason: "The response is no longer needed." };
      stream.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
      reject(new Error("The request was canceled by the server."));
    };
    const timer = setTimeout(withdraw, CLIENT_TIMEOUT_MS);
    for (const signal of signals) signal?.addEventListener("abort", withdraw);
    this.#open.set(id, resolve);
    stream.send({ ...request, jsonrpc: "2.0", id });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", withdraw);
      this.#open.delete(id);
    }
  }

  resolve(response: JsonObject): void {
    const id = getMember(response, "id");
    if (typeof id === "string") this.#open.get(id)?.(response);
  }
}
