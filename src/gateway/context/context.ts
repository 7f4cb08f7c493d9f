/** What serving one MCP request needs of the world around it. */

import type { AccountCredentials } from "../../connected-accounts/resolve-credential.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { ByteBudget } from "../../core/net/byte-budget.ts";
import type { ClientLocation } from "../../core/routing/regions.ts";
import type { Principal } from "../../identity/principal.ts";
import type { LogEvent } from "../../logs/events.ts";
import type { AccessPolicy } from "../../policy/access-policy.ts";
import type { CallQueues } from "../../policy/concurrency-queues.ts";
import type { RoutingState } from "../../policy/routing-state.ts";
import type { TenantSnapshot } from "../../policy/snapshot.ts";
import type { TenantTraffic } from "../../policy/traffic.ts";
import type { ChannelDeps } from "../../upstream/connection/channel.ts";
import type { Catalog, EndpointTarget } from "../catalog/catalog.ts";
import type { TargetRejection } from "./enter-target.ts";
import type { EraCache } from "./era-cache.ts";
import type { FlagExposures } from "./flag-exposures.ts";
import type { ActiveRequestTable, BridgeRequest, SessionStub } from "./ports.ts";
import type { CallRecorder } from "./request-recorder.ts";
import type { SessionIds } from "./session-ids.ts";

export interface McpContext {
  /** The ID of the HTTP request, also returned to the client. */
  readonly requestId: string;
  readonly principal: Principal;
  /** Undefined without a trusted source: behind Cloudflare only its own header counts. */
  readonly address: string | undefined;
  readonly location: ClientLocation;
  /** Headers of the response to this request; more can be added until it begins. */
  readonly answerHeaders: Record<string, string>;
  /** Collects the log events of this request. */
  readonly record: CallRecorder;
  readonly tenant: TenantSnapshot;
  /** What is served, and why it is not, where the caller cannot reach it. */
  readonly target: EndpointTarget;
  readonly refusal: TargetRejection | undefined;
  /** At the target. */
  readonly access: AccessPolicy;
  readonly traffic: TenantTraffic;
  readonly queues: CallQueues;
  readonly routing: RoutingState;
  readonly exposures: FlagExposures;
  readonly keyring: Keyring;
  /** Loads the credentials of connected accounts, which only some servers need. */
  readonly loadAccounts: () => Promise<AccountCredentials>;
  readonly sessionIds: SessionIds;
  readonly catalog: Catalog<McpContext>;
  readonly eras: EraCache;
  readonly upstream: ChannelDeps;
  readonly maxBodyBytes: number;
  /** The large bodies that the isolate holds. */
  readonly bodies: ByteBudget;
  /** Of streams that the gateway itself writes. */
  readonly keepAliveMs: number;
  /** Keeps work alive after the answer has begun (`waitUntil`). */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** The same for now; undefined where the caller has lost the right to be here, or the URL serves them something else. */
  readonly renew: () => Promise<McpContext | undefined>;
  /** Has a message of the modern era answered by a server of the legacy one. */
  readonly callThroughBridge: (translation: BridgeRequest, context: McpContext) => Promise<Response>;
  /** Logs an event that is not part of this request's own record. */
  readonly emit: (events: readonly LogEvent[]) => void;
  /** The running requests of a tenant. */
  readonly active: (tenantId: string) => ActiveRequestTable;
  /** Where a legacy client's session with this name is held. */
  readonly sessions: (name: string) => SessionStub;
}
