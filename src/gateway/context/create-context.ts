/** Creates the context of a request from the isolate's services and the principal. */

import { NotFoundError } from "../../core/errors.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { ByteBudget } from "../../core/net/byte-budget.ts";
import type { ClientLocation } from "../../core/routing/regions.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Emitter } from "../../logs/emit.ts";
import type { TraceExporter } from "../../logs/trace-exporter.ts";
import type { ConcurrencyQueues } from "../../policy/concurrency-queues.ts";
import type { RoutingState } from "../../policy/routing-state.ts";
import type { Snapshots, TenantSnapshot } from "../../policy/snapshot.ts";
import type { TenantTraffic } from "../../policy/traffic.ts";
import type { ChannelDeps } from "../../upstream/connection/channel.ts";
import type { Catalog, EndpointTarget } from "../catalog/catalog.ts";
import type { McpContext } from "./context.ts";
import { enterTarget } from "./enter-target.ts";
import type { EraCache } from "./era-cache.ts";
import type { FlagExposures } from "./flag-exposures.ts";
import type { CallRecorder, RequestRecorder } from "./request-recorder.ts";
import { SessionIds } from "./session-ids.ts";

export interface ContextServices {
  readonly snapshots: Snapshots;
  readonly emitter: Emitter;
  readonly getTraffic: (tenantId: string) => TenantTraffic;
  readonly queues: ConcurrencyQueues;
  readonly routing: RoutingState;
  readonly exposures: FlagExposures;
  readonly keyring: Keyring;
  readonly loadAccounts: McpContext["loadAccounts"];
  readonly upstream: ChannelDeps;
  readonly catalog: Catalog<McpContext>;
  readonly eras: EraCache;
  readonly maxBodyBytes: number;
  readonly bodies: ByteBudget;
  readonly callThroughBridge: McpContext["callThroughBridge"];
  readonly active: McpContext["active"];
  readonly sessions: McpContext["sessions"];
}

/** Often enough that nothing on the way takes a silent stream for a dead one. */
const KEEP_ALIVE_INTERVAL_MS = 5_000;

export interface ContextInput {
  readonly record: CallRecorder;
  readonly requestId: string;
  /** What the URL names. */
  readonly target: EndpointTarget;
  readonly address: string | undefined;
  readonly location: ClientLocation;
  readonly answerHeaders: McpContext["answerHeaders"];
  readonly waitUntil: McpContext["waitUntil"];
  /** Authenticates the caller again; undefined where the credential is no longer valid. */
  readonly identify: () => Promise<Principal | undefined>;
}

export interface ContextFactory {
  create(principal: Principal, occasion: ContextInput): Promise<McpContext>;
  /** As `create`, if the snapshot is cached; otherwise undefined. */
  createNow(principal: Principal, occasion: ContextInput): McpContext | undefined;
}

export function createContextFactory(services: ContextServices): ContextFactory {
  const { snapshots, emitter, getTraffic, queues, ...shared } = services;
  const sessionIds = new SessionIds(services.keyring);
  const build = (principal: Principal, occasion: ContextInput, tenant: TenantSnapshot): McpContext => {
    const { record, requestId, target, address, location, answerHeaders, waitUntil, identify } = occasion;
    const entered = enterTarget(target, principal, tenant, new Date());
    return {
      ...shared,
      record,
      requestId,
      address,
      location,
      answerHeaders,
      emit: (events) => emitter.emit(events, waitUntil),
      principal,
      tenant,
      traffic: getTraffic(tenant.id),
      queues: queues.forRequest(waitUntil),
      ...entered,
      sessionIds,
      keepAliveMs: KEEP_ALIVE_INTERVAL_MS,
      maxBodyBytes: Math.min(services.maxBodyBytes, tenant.settings["mcp.max_request_bytes"]),
      waitUntil,
      async renew() {
        const still = await identify().catch(() => undefined);
        const renewed = still && (await create(still, occasion).catch(() => undefined));
        const isSame = renewed?.refusal === undefined && renewed?.target.toolset === entered.target.toolset;
        return isSame ? renewed : undefined;
      },
    };
  };
  const create = async (principal: Principal, occasion: ContextInput): Promise<McpContext> => {
    const tenant = await snapshots.get(principal.tenantId, occasion.waitUntil);
    if (tenant === undefined) throw new NotFoundError();
    return build(principal, occasion, tenant);
  };
  return {
    create,
    createNow(principal, occasion) {
      const tenant = snapshots.peek(principal.tenantId);
      return tenant && build(principal, occasion, tenant);
    },
  };
}

export interface RecordedInput extends Omit<ContextInput, "record"> {
  readonly record: RequestRecorder;
}

export interface RequestStarter {
  start(principal: Principal, entrance: RecordedInput): Promise<McpContext>;
  /** As `start`, if everything is cached and the request is not traced; otherwise undefined. */
  startNow(principal: Principal, entrance: RecordedInput): McpContext | undefined;
}

/** A context whose request is traced by the tenant's settings, in any isolate. */
export function createRequestStarter(contexts: ContextFactory, traces: TraceExporter): RequestStarter {
  return {
    async start(principal, entrance) {
      const context = await contexts.create(principal, entrance);
      const { tracing } = context.tenant;
      if (tracing !== undefined) {
        entrance.record.startTrace(tracing, (spans) => traces.send(spans, tracing, entrance.waitUntil));
      }
      return context;
    },
    startNow(principal, entrance) {
      const context = contexts.createNow(principal, entrance);
      return context?.tenant.tracing === undefined ? context : undefined;
    },
  };
}
