/** One attempt to have a call served by one server: it holds a slot and a permit, and gives each back exactly once. */
import { type GatewayError, UpstreamError } from "../../core/errors.ts";
import type { BreakerPermit } from "../../core/resilience/breaker.ts";
import type { CallResult } from "../../core/resilience/outcome.ts";
import type { OpenSpan } from "../../logs/trace.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { Header } from "../../upstream/credentials.ts";
import { type CallOutcome, toCallResult, toUpstreamError } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";

export interface AttemptOptions {
  readonly server: SnapshotServer;
  readonly method: string;
  readonly operations: readonly OperationRecorder[];
  readonly permit: BreakerPermit;
  readonly releaseSlot: () => void;
}

export class UpstreamAttempt {
  readonly server: SnapshotServer;
  /** Of the caller's connected account, for servers where every member acts with their own. */
  credential: Header | undefined;
  readonly #parts: AttemptOptions;
  readonly #context: McpContext;
  readonly #span: OpenSpan | undefined;
  readonly #startedAt = Date.now();
  #headMs: number | undefined;
  #isReported = false;
  #isReleased = false;

  constructor(parts: AttemptOptions, context: McpContext) {
    this.server = parts.server;
    this.#parts = parts;
    this.#context = context;
    this.#span = context.record.openSpan("upstream", "client");
    context.routing.loads.begin(parts.server.id);
  }

  /** The trace context that the upstream is given, if the request is traced. */
  get traceparent(): string | undefined {
    return this.#span?.header;
  }

  /**
   * The first byte of the response is here; what follows depends on the client's reading as well as on the server.
   * `stalledMs`: time in which this isolate did not run, which is not the server's.
   */
  headReceived(stalledMs: number): void {
    this.#headMs ??= Math.max(0, Date.now() - this.#startedAt - stalledMs);
    for (const operation of this.#parts.operations) operation.upstreamMs = this.#headMs;
  }

  /** The server answered. `status` is that of HTTP, or 200. */
  succeed(outcome: CallOutcome, status: number, text?: string): void {
    this.#settle(outcome, text);
    this.#reportInnerFailure(outcome);
    this.#report(toCallResult(outcome, status), { "http.response.status_code": status });
    this.release();
  }

  /** The server answered nothing, or nothing that can be used. */
  fail(error: GatewayError): void {
    this.#settleAll(error);
    if (error instanceof UpstreamError && !this.#isReported) this.#recordFailure(error);
    this.#report({ error: error.code }, { "error.type": error.code });
    this.release();
  }

  /** The server refused the request by an HTTP status alone: it is there, and others may be served. */
  reject(error: GatewayError, status: number): void {
    this.#settleAll(error);
    this.#report({ status }, { "http.response.status_code": status });
    this.release();
  }

  /** The caller left, or an administrator ended the request: that is no outcome of the server. */
  cancel(error: GatewayError): void {
    this.#settleAll(error);
    this.#report({ error: error.code, cancelled: true }, { "error.type": error.code });
    this.release();
  }

  /** A stream that only listens is open: the server works, and its calls are not waited for. */
  establish(status: number): void {
    this.#report({ status }, { "http.response.status_code": status });
    this.release();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#parts.releaseSlot();
  }

  /** In a batch, each response settles one operation and is read by the relay. */
  #settle(outcome: CallOutcome, text: string | undefined): void {
    const [only, another] = this.#parts.operations;
    if (another === undefined) only?.settle(outcome, text);
  }

  /** What is answered of a batch keeps its outcome. */
  #settleAll(error: GatewayError): void {
    const { operations } = this.#parts;
    const open =
      operations.length > 1 ? operations.filter(({ outcome }) => outcome === undefined) : operations;
    for (const operation of open) operation.fail(error);
  }

  #reportInnerFailure(outcome: CallOutcome): void {
    const error = toUpstreamError(outcome, this.server.name);
    if (error !== undefined) this.#recordFailure(error);
  }

  #recordFailure(error: UpstreamError): void {
    this.#context.record.upstreamFailed(error, this.server.id, this.#parts.method);
  }

  #report(result: CallResult, attributes: Record<string, string | number>): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const { routing, traffic, waitUntil } = this.#context;
    const now = Date.now();
    const ms = this.#headMs ?? now - this.#startedAt;
    routing.loads.end(this.server.id, result.cancelled === true ? undefined : ms, now);
    traffic.reportOutcome(this.server, this.#parts.permit, result, ms, waitUntil);
    const hasFailed = result.error !== undefined;
    this.#span?.end({ "mcp.server": this.server.name, ...attributes }, hasFailed);
  }
}
