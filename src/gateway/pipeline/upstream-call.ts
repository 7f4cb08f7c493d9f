/** What the pipeline needs of a call: which servers may serve it, how it is sent, and what is recorded of it. */
import type { GatewayError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import type { McpPost } from "../request/mcp-post.ts";
import type { UpstreamAttempt } from "./attempt.ts";

/** The client of a legacy session, with its request. */
export interface SessionCaller {
  readonly facts: { readonly revision: string; readonly capabilities: JsonObject } | undefined;
  readonly message: JsonObject;
}

/** A server that could serve a call. */
export interface Candidate {
  readonly server: SnapshotServer;
  /** The server's own name of the tool, prompt or resource; empty if the call has no target. */
  readonly upstreamName: string;
}

/** Which candidate comes next; made from a routing rule. */
export interface Selection<C extends Candidate> {
  /** Servers that the rule names and that have the target. */
  readonly targets: readonly C[];
  /** `undefined` if the rule has no server left. */
  select(targets: readonly C[], tried: ReadonlySet<string>): C | undefined;
}

/** A call without the way in which it is sent. */
export interface DescribedCall<C extends Candidate> {
  readonly method: string;
  /** Several in a batch; none for what is no request: notifications, streams that only listen, refreshed lists. */
  readonly operations: readonly OperationRecorder[];
  /** Where the call goes if no routing rule applies. */
  readonly preferred: C;
  readonly selection?: Selection<C> | undefined;
  /** The result is shared by all principals of the tenant, so access is decided when it is used. */
  readonly isShared?: boolean;
  /** Whether the principal may use the target at this server. */
  readonly isAllowed: (candidate: C) => boolean;
  /** The protocol's answer to a target that does not exist. A denied caller gets the same, under another log code. */
  readonly deny: (code: "not_found" | "forbidden") => GatewayError;
  /** Whether the call does no harm if it runs twice. `undefined`: it is sent once, whatever happens. */
  readonly isRepeatable?: (candidate: C, neverSent: boolean) => boolean;
  /** A stream that only listens holds no slot: it would keep calls out for as long as it is open. */
  readonly takesSlot: boolean;
  readonly signal: AbortSignal;
  /** The client, for the answer that an account of the caller is required. */
  readonly client?: { readonly post: McpPost | undefined } | SessionCaller;
  /** The request that is sent, where it is not the client's own: a toolset has other names and arguments. */
  readonly sent?: JsonObject;
}

export interface UpstreamCall<C extends Candidate, T> extends DescribedCall<C> {
  /** Sends the call. It must settle the attempt or pass it to the reader of the response. */
  readonly send: (candidate: C, attempt: UpstreamAttempt) => Promise<T>;
}
