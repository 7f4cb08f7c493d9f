/** Makes the context of a request out of the isolate's long-lived things and the principal that it is served for. */
import { NotFoundError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import type { Principal } from "../identity/principal.ts";
import type { Emitter } from "../logs/emit.ts";
import { accessOf } from "../policy/access.ts";
import type { ServerQueues } from "../policy/queues.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import type { Steering } from "../policy/steering.ts";
import type { TenantTraffic } from "../policy/traffic.ts";
import type { ChannelTools } from "../upstream/channel.ts";
import type { Catalogue } from "./aggregate/catalogue.ts";
import type { McpContext } from "./context.ts";
import type { EraMemory } from "./era-memory.ts";
import type { Exposures } from "./flags.ts";
import type { CallRecord } from "./record.ts";
import { SessionIds } from "./session-ids.ts";

export interface ContextServices {
  readonly snapshots: Snapshots;
  readonly emitter: Emitter;
  readonly trafficOf: (tenantId: string) => TenantTraffic;
  readonly queues: ServerQueues;
  readonly steering: Steering;
  readonly exposures: Exposures;
  readonly keyring: Keyring;
  readonly upstream: ChannelTools;
  readonly catalogue: Catalogue;
  readonly eras: EraMemory;
  readonly maxBodyBytes: number;
  readonly translate: McpContext["translate"];
  readonly active: McpContext["active"];
  readonly sessions: McpContext["sessions"];
}

/** Often enough that nothing on the way takes a silent stream for a dead one. */
const KEEP_ALIVE_MS = 5_000;

export interface Occasion {
  readonly record: CallRecord;
  readonly requestId: string;
  readonly background: McpContext["background"];
  /** Asks anew who is calling; undefined where that no longer holds. */
  readonly identify: () => Promise<Principal | undefined>;
}

export type Contexts = (principal: Principal, occasion: Occasion) => Promise<McpContext>;

export function createContexts(services: ContextServices): Contexts {
  const { snapshots, emitter, trafficOf, queues, ...shared } = services;
  const sessionIds = new SessionIds(services.keyring);
  const contextOf: Contexts = async (principal, occasion) => {
    const { record, requestId, background, identify } = occasion;
    const tenant = await snapshots.get(principal.tenantId, background);
    if (tenant === undefined) throw new NotFoundError();
    return {
      ...shared,
      record,
      requestId,
      tell: (events) => emitter.emit(events, background),
      principal,
      tenant,
      traffic: trafficOf(tenant.id),
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
