/** Makes the context of a request out of the isolate's long-lived things and the principal that it is served for. */

import { NotFoundError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import type { ByteBudget } from "../core/net/byte-budget.ts";
import type { ClientLocation } from "../core/routing/regions.ts";
import type { Principal } from "../identity/principal.ts";
import type { Emitter } from "../logs/emit.ts";
import type { TraceExporter } from "../logs/trace-exporter.ts";
import { accessOf } from "../policy/access.ts";
import type { ServerQueues } from "../policy/queues.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import type { Steering } from "../policy/steering.ts";
import type { TenantTraffic } from "../policy/traffic.ts";
import type { ChannelDeps } from "../upstream/transports/channel.ts";
import type { Catalogue } from "./aggregate/catalogue.ts";
import type { CallRecorder, RequestRecorder } from "./context/request-recorder.ts";
import type { McpContext } from "./context.ts";
import type { EraMemory } from "./era-memory.ts";
import type { Exposures } from "./flags.ts";
import { SessionIds } from "./session-ids.ts";

export interface ContextServices {
  readonly snapshots: Snapshots;
  readonly emitter: Emitter;
  readonly getTraffic: (tenantId: string) => TenantTraffic;
  readonly queues: ServerQueues;
  readonly steering: Steering;
  readonly exposures: Exposures;
  readonly keyring: Keyring;
  readonly upstream: ChannelDeps;
  readonly catalogue: Catalogue;
  readonly eras: EraMemory;
  readonly maxBodyBytes: number;
  readonly bodies: ByteBudget;
  readonly translate: McpContext["translate"];
  readonly active: McpContext["active"];
  readonly sessions: McpContext["sessions"];
}

/** Often enough that nothing on the way takes a silent stream for a dead one. */
const KEEP_ALIVE_MS = 5_000;

export interface Occasion {
  readonly record: CallRecorder;
  readonly requestId: string;
  readonly address: string | undefined;
  readonly location: ClientLocation;
  readonly background: McpContext["background"];
  /** Asks anew who is calling; undefined where that no longer holds. */
  readonly identify: () => Promise<Principal | undefined>;
}

export type Contexts = (principal: Principal, occasion: Occasion) => Promise<McpContext>;

export function createContexts(services: ContextServices): Contexts {
  const { snapshots, emitter, getTraffic, queues, ...shared } = services;
  const sessionIds = new SessionIds(services.keyring);
  const contextOf: Contexts = async (principal, occasion) => {
    const { record, requestId, address, location, background, identify } = occasion;
    const tenant = await snapshots.get(principal.tenantId, background);
    if (tenant === undefined) throw new NotFoundError();
    return {
      ...shared,
      record,
      requestId,
      address,
      location,
      tell: (events) => emitter.emit(events, background),
      principal,
      tenant,
      traffic: getTraffic(tenant.id),
      queues: queues.forRequest(background),
      access: accessOf(principal, tenant, new Date()),
      sessionIds,
      keepAliveMs: KEEP_ALIVE_MS,
      background,
      async renew() {
        const still = await identify().catch(() => undefined);
        return still === undefined ? undefined : contextOf(still, occasion).catch(() => undefined);
      },
    };
  };
  return contextOf;
}

export interface Entrance extends Omit<Occasion, "record"> {
  readonly record: RequestRecorder;
}

export type Enter = (principal: Principal, entrance: Entrance) => Promise<McpContext>;

/** A context whose request is traced as the tenant wants it, in whatever isolate it is served. */
export function createEnter(contexts: Contexts, traces: TraceExporter): Enter {
  return async (principal, entrance) => {
    const context = await contexts(principal, entrance);
    const { tracing } = context.tenant;
    if (tracing !== undefined) {
      entrance.record.startTrace(tracing, (spans) => traces.send(spans, tracing, entrance.background));
    }
    return context;
  };
}
