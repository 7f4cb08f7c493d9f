/** Collects what the MCP audit log keeps of one MCP operation: its target, the server that served it, and its outcome. */
import { type GatewayError, ProtocolError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { jsonRpcCode } from "../../core/mcp/responses.ts";
import { isSampled, type PayloadPolicy, selectPayload } from "../../core/settings/payloads.ts";
import type { Principal } from "../../identity/principal.ts";
import { EVENT_VERSION } from "../../logs/event-version.ts";
import type { McpEvent } from "../../logs/events.ts";
import type { CallOutcome } from "./call-outcome.ts";

export interface OperationSubject {
  readonly id: JsonRpcId | undefined;
  readonly method: string;
  /** The tool, prompt or resource, as the client names it. */
  readonly target: string | undefined;
}

export class OperationRecorder {
  readonly id: JsonRpcId | undefined;
  readonly method: string;
  /** As the server names it, once a server is known. */
  target: string | undefined;
  serverId: string | undefined;
  /** Time until the first byte of the upstream's answer, of the last attempt. */
  upstreamMs: number | undefined;
  /** What the call was charged with; undefined where it was not. */
  cost: number | undefined;
  readonly #startedAt = Date.now();
  #outcome: CallOutcome | undefined;
  #durationMs = 0;
  #terms: PayloadPolicy | undefined;
  #params: Record<string, unknown> | undefined;
  #result: Record<string, unknown> | undefined;

  constructor({ id, method, target }: OperationSubject) {
    this.id = id;
    this.method = method;
    this.target = target;
  }

  get outcome(): CallOutcome | undefined {
    return this.#outcome;
  }

  /** The upstream that the operation is sent to, and what that calls its target. */
  setServer(serverId: string, target: string | undefined): void {
    this.serverId = serverId;
    this.target = target;
  }

  /** Keeps the parameters in `message`, and later the result, if the tenant samples this request. */
  setPayload(message: string | Uint8Array, requestId: string, terms: PayloadPolicy): void {
    if (!isSampled(requestId, terms)) return;
    this.#terms = terms;
    this.#params = selectPayload(
      typeof message === "string" ? message : new TextDecoder().decode(message),
      ["params"],
      terms,
    );
  }

  /** `text` is the JSON-RPC answer, if there is one. A later outcome replaces an earlier one. */
  settle(outcome: CallOutcome, text?: string): void {
    this.#outcome = outcome;
    this.#durationMs = Date.now() - this.#startedAt;
    if (this.#terms?.results === true && text !== undefined) {
      this.#result = selectPayload(text, ["result", "error"], this.#terms);
    }
  }

  fail(error: GatewayError): void {
    this.settle(errorOutcome(error));
  }

  toEvent(principal: Principal, requestId: string): McpEvent {
    const { success, code, message } = this.#outcome ?? { success: true };
    const durationMs = this.#outcome === undefined ? Date.now() - this.#startedAt : this.#durationMs;
    return {
      v: EVENT_VERSION,
      kind: "mcp",
      id: uuidv7(),
      at: this.#startedAt,
      tenantId: principal.tenantId,
      userId: principal.userId,
      apiKeyId: principal.apiKeyId,
      roles: [principal.role],
      // The column takes no more.
      method: this.method.slice(0, 200),
      target: this.target,
      serverId: this.serverId,
      params: this.#params,
      result: this.#result,
      durationMs,
      success,
      errorCode: code,
      errorMessage: message,
      requestId,
      ...(this.cost !== undefined && { cost: this.cost }),
    };
  }
}

/** Returns the outcome for the log: a denied target is `forbidden` here, although the client receives "unknown". */
function errorOutcome(error: GatewayError): CallOutcome {
  const isPlain = error instanceof ProtocolError && error.code === "bad_request";
  const code = isPlain ? error.rpc.code : jsonRpcCode(error.code);
  return { success: false, code, reason: error.code, message: error.message };
}
