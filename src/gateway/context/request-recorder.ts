/** Collects what one HTTP request reports to the logs, and emits it once, when the answer is over. */
import { type GatewayError, ServerUnavailableError, type UpstreamError } from "../../core/errors.ts";
import type { JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { sanitizeText } from "../../core/sanitize-payload.ts";
import type { SecurityEventType } from "../../core/security-events.ts";
import type { Tracing } from "../../core/settings/tracing.ts";
import type { Span } from "../../core/telemetry/otlp.ts";
import type { Principal } from "../../identity/principal.ts";
import type { LogEvent } from "../../logs/events.ts";
import {
  createErrorEvent,
  createRequestEvent,
  type RequestDescription,
  type RequestFacts,
} from "../../logs/request-event.ts";
import { createSecurityEvent } from "../../logs/security-event.ts";
import { type OpenSpan, Trace } from "../../logs/trace.ts";
import { OperationRecorder, type OperationSubject } from "./operation-recorder.ts";

/** The part of a request's record that serving it writes to. */
export interface CallRecorder {
  /** The MCP operations of the request, as soon as they are known. Each becomes one row of the MCP audit log. */
  declare(subjects: readonly OperationSubject[]): void;
  readonly operations: readonly OperationRecorder[];
  operation(id: JsonRpcId | null | undefined): OperationRecorder | undefined;
  /** What another isolate needs in order to record this request. */
  readonly description: { readonly request: RequestDescription; readonly startedAt: number };
  /** Another isolate records this request: this one emits nothing. */
  delegate(): void;
  /** A failed attempt to reach a server, whether or not another attempt succeeds. */
  upstreamFailed(error: UpstreamError, serverId: string, method: string): void;
  recordDenial(type: SecurityEventType, description: string, serverId?: string): void;
  /** `undefined` if the request is not traced. */
  openSpan(name: string, kind?: Span["kind"]): OpenSpan | undefined;
  /** The response has not ended yet; the returned function marks its end. */
  deferCompletion(): () => void;
  /** Called once, when the answer is over. */
  onComplete(callback: () => void): void;
  /** The cost of an operation was charged: what is left of budgets is in the headers of the answer. */
  markCharged(): void;
  whenCharged(): Promise<void>;
}

export class RequestRecorder implements CallRecorder {
  readonly #describe: () => RequestDescription;
  readonly #requestId: string;
  readonly #emit: (events: readonly LogEvent[]) => void;
  readonly #startedAt: number;
  #principal: Principal | undefined;
  #operations: readonly OperationRecorder[] = [];
  readonly #others: LogEvent[] = [];
  #whenOver: (() => void)[] = [];
  #charged: PromiseWithResolvers<void> | undefined;
  readonly #failures = new Set<GatewayError>();
  #trace: Trace | undefined;
  #identifiedAt = 0;
  #sendSpans: (spans: readonly Span[]) => void = () => undefined;
  #deferred = 0;
  #response: { status: number; error: GatewayError | undefined } | undefined;
  #isDelegated = false;
  #isComplete = false;

  constructor(
    describe: () => RequestDescription,
    requestId: string,
    emit: (events: readonly LogEvent[]) => void,
    startedAt: number = Date.now(),
  ) {
    this.#describe = describe;
    this.#requestId = requestId;
    this.#emit = emit;
    this.#startedAt = startedAt;
  }

  setPrincipal(principal: Principal): void {
    this.#principal = principal;
    this.#identifiedAt = Date.now();
  }

  /** Traces the request from here on, if it is sampled; earlier spans are added as far as they are known. */
  startTrace(tracing: Tracing, send: (spans: readonly Span[]) => void): void {
    this.#trace = Trace.begin(this.#describe().traceparent, tracing);
    if (this.#trace === undefined) return;
    this.#trace.addCompletedSpan("identity", this.#startedAt, this.#identifiedAt);
    this.#trace.addCompletedSpan("policy", this.#identifiedAt, Date.now());
    this.#sendSpans = send;
  }

  get description(): { readonly request: RequestDescription; readonly startedAt: number } {
    return { request: this.#describe(), startedAt: this.#startedAt };
  }

  delegate(): void {
    this.#isDelegated = true;
  }

  declare(subjects: readonly OperationSubject[]): void {
    this.#operations = subjects.map((subject) => new OperationRecorder(subject));
  }

  get operations(): readonly OperationRecorder[] {
    return this.#operations;
  }

  operation(id: JsonRpcId | null | undefined): OperationRecorder | undefined {
    const [first, another] = this.#operations;
    if (another === undefined) return first?.id === id ? first : undefined;
    return this.#operations.find((operation) => operation.id === id);
  }

  upstreamFailed(error: UpstreamError, serverId: string, method: string): void {
    this.#failures.add(error);
    this.#add(createErrorEvent(error, this.#facts(0, undefined), { serverId, method }));
  }

  recordDenial(type: SecurityEventType, description: string, serverId?: string): void {
    const described = this.#describe();
    this.#add(
      createSecurityEvent({
        type,
        at: Date.now(),
        tenantId: this.#principal?.tenantId,
        userId: this.#principal?.userId,
        apiKeyId: this.#principal?.apiKeyId,
        serverId,
        ipAddress: described.ipAddress,
        requestId: this.#requestId,
        description,
      }),
    );
  }

  /** A stream that only listens goes on after the record of its request has been emitted. */
  #add(event: LogEvent): void {
    if (this.#isComplete) this.#emit([event]);
    else this.#others.push(event);
  }

  openSpan(name: string, kind?: Span["kind"]): OpenSpan | undefined {
    return this.#trace?.open(name, kind);
  }

  deferCompletion(): () => void {
    this.#deferred += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#deferred -= 1;
      this.#finish();
    };
  }

  onComplete(callback: () => void): void {
    this.#whenOver.push(callback);
  }

  markCharged(): void {
    this.#charged?.resolve();
  }

  whenCharged(): Promise<void> {
    this.#charged ??= Promise.withResolvers();
    return this.#charged.promise;
  }

  complete(status: number, error?: GatewayError): void {
    this.#response = { status, error };
    this.#finish();
  }

  #finish(): void {
    if (this.#deferred > 0 || this.#response === undefined) return;
    for (const callback of this.#whenOver.splice(0)) callback();
    if (this.#isDelegated) return;
    const { status, error } = this.#response;
    this.#response = undefined;
    this.#isComplete = true;
    const facts = this.#facts(status, error);
    const events: LogEvent[] = [this.#requestEvent(facts)];
    if (this.#principal !== undefined) {
      for (const operation of this.#operations) {
        if (operation.outcome === undefined) settle(operation, status, error);
        events.push(operation.toEvent(this.#principal, this.#requestId));
      }
    }
    for (const event of this.#others) events.push(event);
    if (error !== undefined && this.#isUnreported(error)) {
      events.push(createErrorEvent(error, facts, this.#operations[0]));
    }
    this.#emit(events);
    if (this.#trace !== undefined) this.#sendSpans(this.#listSpans(this.#trace, status, error));
  }

  /** A closed server is no news, and an administrator's cancellation is no error. */
  #isUnreported(error: GatewayError): boolean {
    if (error instanceof ServerUnavailableError || error.code === "cancelled") return false;
    return error.status >= 500 && !this.#failures.has(error);
  }

  #facts(statusCode: number, error: GatewayError | undefined): RequestFacts {
    return {
      requestId: this.#requestId,
      startedAt: this.#startedAt,
      durationMs: Date.now() - this.#startedAt,
      caller: this.#principal,
      statusCode,
      error,
    };
  }

  #requestEvent(facts: RequestFacts): LogEvent {
    const failed = this.#operations.find(({ outcome }) => outcome?.success === false);
    const operation = failed ?? this.#operations[0];
    return {
      ...createRequestEvent(this.#describe(), facts),
      mcpMethod: operation?.method,
      toolName: operation?.method === "tools/call" ? operation.target : undefined,
      targetServerId: operation?.serverId,
      upstreamMs: operation?.upstreamMs,
      errorCode: facts.error?.code ?? failed?.outcome?.reason,
      ...(this.#trace !== undefined && { traceId: this.#trace.traceId }),
    };
  }

  #listSpans(trace: Trace, status: number, error: GatewayError | undefined): readonly Span[] {
    const { method, path } = this.#describe();
    const [operation] = this.#operations;
    const called = operation?.method ?? method;
    const outcome = operation?.outcome;
    const attributes = {
      "http.request.method": method,
      "http.response.status_code": status,
      "url.path": sanitizeText(path),
      "mcp.method.name": operation && sanitizeText(called),
      "mcp.target": operation?.target && sanitizeText(operation.target),
      "mcp.gateway.request_id": this.#requestId,
      "mcp.gateway.tenant_id": this.#principal?.tenantId,
      "mcp.gateway.server_id": operation?.serverId,
      "error.type": error?.code ?? (outcome?.success === false ? String(outcome.code) : undefined),
    };
    return trace.close(
      sanitizeText(called),
      this.#startedAt,
      attributes,
      attributes["error.type"] !== undefined,
    );
  }
}

function settle(operation: OperationRecorder, status: number, error: GatewayError | undefined): void {
  if (error !== undefined) operation.fail(error);
  else operation.settle({ success: status < 400 });
}
