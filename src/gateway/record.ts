/** What one request has to tell the log: gathered on its way, sent when its answer is over. */
import type { GatewayError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { codeOf } from "../core/mcp/answers.ts";
import { fieldsOf } from "../core/net/fields.ts";
import { pathOf } from "../core/net/request-url.ts";
import { cleanText } from "../core/sanitise.ts";
import { isSampled, keep, type PayloadTerms } from "../core/settings/payloads.ts";
import type { Tracing } from "../core/settings/tracing.ts";
import type { Span } from "../core/telemetry/otlp.ts";
import type { Principal } from "../identity/principal.ts";
import { EVENT_VERSION, type LogEvent, type McpEvent } from "../logs/events.ts";
import { errorEventOf, type RequestFacts, requestEventOf } from "../logs/request-event.ts";
import { type OpenSpan, Trace } from "../logs/trace.ts";

export interface CallSubject {
  readonly serverId: string | undefined;
  readonly method: string;
  readonly target: string | undefined;
}

/** Sanitised, and only where the tenant wants payloads kept. */
export interface Payload {
  readonly params?: Record<string, unknown> | undefined;
  readonly result?: Record<string, unknown> | undefined;
}

export interface Outcome {
  readonly success: boolean;
  readonly code?: number | undefined;
  readonly message?: string | undefined;
}

/** The part of a request's record that whoever serves it writes to. */
export interface CallRecord {
  about(subject: CallSubject): void;
  /** `text`: the message that tells it, where there is one. */
  outcome(outcome: Outcome, text?: string): void;
  /** What was sent, for tenants that want payloads kept. */
  asked(message: string | Uint8Array, terms: PayloadTerms): void;
  /** How long the server took until its first byte. */
  upstream(ms: number): void;
  /** Undefined where nobody traces the request. */
  begin(name: string, kind?: Span["kind"]): OpenSpan | undefined;
  /** The answer is not over yet; what comes back says that it is. */
  hold(): () => void;
}

export class RequestRecord implements CallRecord {
  readonly #request: Request;
  readonly #requestId: string;
  readonly #send: (events: readonly LogEvent[]) => void;
  readonly #startedAt = Date.now();
  #principal: Principal | undefined;
  #subject: CallSubject | undefined;
  #outcome: Outcome | undefined;
  #payload: Payload | undefined;
  #terms: PayloadTerms | undefined;
  #trace: Trace | undefined;
  #identifiedAt = 0;
  #sendSpans: (spans: readonly Span[]) => void = () => undefined;
  #upstreamMs: number | undefined;
  #held = 0;
  #answer: { status: number; error: GatewayError | undefined } | undefined;

  constructor(request: Request, requestId: string, send: (events: readonly LogEvent[]) => void) {
    this.#request = request;
    this.#requestId = requestId;
    this.#send = send;
  }

  by(principal: Principal): void {
    this.#principal = principal;
    this.#identifiedAt = Date.now();
  }

  /** From here on, if it is sampled; what came before is told as far as it is known. */
  traced(tracing: Tracing, send: (spans: readonly Span[]) => void): void {
    this.#trace = Trace.begin(fieldsOf(this.#request).get("traceparent"), tracing);
    if (this.#trace === undefined) return;
    this.#trace.past("identity", this.#startedAt, this.#identifiedAt);
    this.#trace.past("policy", this.#identifiedAt, Date.now());
    this.#sendSpans = send;
  }

  begin(name: string, kind?: Span["kind"]): OpenSpan | undefined {
    return this.#trace?.open(name, kind);
  }

  about(subject: CallSubject): void {
    this.#subject = subject;
  }

  outcome(outcome: Outcome, text?: string): void {
    this.#outcome = outcome;
    if (this.#terms !== undefined && text !== undefined) {
      this.#payload = { ...this.#payload, ...answerPayload(text, this.#terms) };
    }
  }

  asked(message: string | Uint8Array, terms: PayloadTerms): void {
    if (!isSampled(this.#requestId, terms)) return;
    this.#terms = terms;
    this.#payload = askedPayload(message, terms);
  }

  upstream(ms: number): void {
    this.#upstreamMs = ms;
  }

  hold(): () => void {
    this.#held += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held -= 1;
      this.#tell();
    };
  }

  answered(status: number, error?: GatewayError): void {
    this.#answer = { status, error };
    this.#tell();
  }

  #tell(): void {
    if (this.#held > 0 || this.#answer === undefined) return;
    const { status, error } = this.#answer;
    this.#answer = undefined;
    const durationMs = Date.now() - this.#startedAt;
    const facts: RequestFacts = {
      requestId: this.#requestId,
      startedAt: this.#startedAt,
      durationMs,
      caller: this.#principal,
      statusCode: status,
      error,
    };
    const subject = this.#subject;
    const events: LogEvent[] = [this.#requestEvent(facts)];
    if (this.#principal !== undefined && subject !== undefined) {
      const outcome = this.#outcome ?? { success: status < 400, message: error?.message };
      const call = { ...subject, ...this.#payload };
      events.push(mcpEvent(this.#principal, this.#requestId, call, outcome, durationMs));
    }
    if (error !== undefined && error.status >= 500) events.push(errorEventOf(error, facts, subject));
    this.#send(events);
    if (this.#trace !== undefined) this.#sendSpans(this.#spansOf(this.#trace, status, error));
  }

  #spansOf(trace: Trace, status: number, error: GatewayError | undefined): readonly Span[] {
    const { method, url } = this.#request;
    const { method: called = method, target } = this.#subject ?? {};
    const attributes = {
      "http.request.method": method,
      "http.response.status_code": status,
      "url.path": cleanText(pathOf(url)),
      "mcp.method.name": this.#subject && cleanText(called),
      "mcp.target": target && cleanText(target),
      "mcp.gateway.request_id": this.#requestId,
      "mcp.gateway.tenant_id": this.#principal?.tenantId,
      "mcp.gateway.server_id": this.#subject?.serverId,
      "error.type":
        error?.code ?? (this.#outcome?.success === false ? String(this.#outcome.code) : undefined),
    };
    return trace.close(
      cleanText(called),
      this.#startedAt,
      attributes,
      attributes["error.type"] !== undefined,
    );
  }

  #requestEvent(facts: RequestFacts): LogEvent {
    const subject = this.#subject;
    return {
      ...requestEventOf(this.#request, facts),
      mcpMethod: subject?.method,
      toolName: subject?.method === "tools/call" ? subject.target : undefined,
      targetServerId: subject?.serverId,
      upstreamMs: this.#upstreamMs,
      ...(this.#trace !== undefined && { traceId: this.#trace.traceId }),
    };
  }
}

export function mcpEvent(
  principal: Principal,
  requestId: string,
  { serverId, method, target, params, result }: CallSubject & Payload,
  { success, code, message }: Outcome,
  durationMs: number,
): McpEvent {
  return {
    v: EVENT_VERSION,
    kind: "mcp",
    id: uuidv7(),
    at: Date.now() - durationMs,
    tenantId: principal.tenantId,
    userId: principal.userId,
    apiKeyId: principal.apiKeyId,
    roles: [principal.role],
    // The column takes no more.
    method: method.slice(0, 200),
    target,
    serverId,
    params,
    result,
    durationMs,
    success,
    errorCode: code,
    errorMessage: message,
    requestId,
  };
}

export const askedPayload = (message: string | Uint8Array, terms: PayloadTerms): Payload => ({
  params: keep(typeof message === "string" ? message : new TextDecoder().decode(message), ["params"], terms),
});

export const answerPayload = (text: string, terms: PayloadTerms): Payload =>
  terms.results ? { result: keep(text, ["result", "error"], terms) } : {};

export function outcomeOfError({ code, message }: GatewayError): Outcome {
  return { success: false, code: codeOf(code), message };
}

/** For what is served elsewhere, and recorded there. */
export const NO_RECORD: CallRecord = {
  about: () => undefined,
  outcome: () => undefined,
  asked: () => undefined,
  upstream: () => undefined,
  begin: () => undefined,
  hold: () => () => undefined,
};
