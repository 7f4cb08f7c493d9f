/** The gateway's long-lived things, wired. */

import { hashToolsByName } from "../core/discovery/definition-hash.ts";
import { toGatewayError, UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { ByteBudget } from "../core/net/byte-budget.ts";
import type { OriginPolicy } from "../core/net/origin.ts";
import { MAX_HELD_BODY_BYTES } from "../core/size-limits.ts";
import type { Database } from "../db/client.ts";
import type { Authenticator } from "../identity/authenticate.ts";
import type { Emitter } from "../logs/emit.ts";
import { logFailure } from "../logs/log-failure.ts";
import type { TraceExporter } from "../logs/trace-exporter.ts";
import { ServerQueues, type SlotObject } from "../policy/queues.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import { Steering } from "../policy/steering.ts";
import type { TenantTraffic } from "../policy/traffic.ts";
import type { ChannelDeps } from "../upstream/transports/channel.ts";
import { Catalogue } from "./aggregate/catalogue.ts";
import { recallOffers } from "./aggregate/heard.ts";
import { type OfferSources, Offers } from "./aggregate/offers.ts";
import { LegacyServer } from "./bridge/legacy-server.ts";
import { type BridgeTo, translate } from "./bridge/translate.ts";
import type { McpContext } from "./context.ts";
import { createContexts, createEnter, type Enter } from "./contexts.ts";
import { createMcpEndpoint, type McpEndpoint } from "./endpoint.ts";
import { EraMemory } from "./era-memory.ts";
import { Exposures } from "./flags.ts";
import { refreshLists } from "./pipeline/refresh-lists.ts";

export interface GatewayParts {
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly snapshots: Snapshots;
  readonly emitter: Emitter;
  readonly traces: TraceExporter;
  readonly getTraffic: (tenantId: string) => TenantTraffic;
  readonly keyring: Keyring;
  readonly upstream: ChannelDeps;
  readonly gatewayId: string;
  /** Keeps what a server said of itself, and sees what it means (discovery/save-inventory.ts). */
  readonly remember: OfferSources<McpContext>["remember"];
  readonly origins: OriginPolicy;
  readonly maxBodyBytes: number;
  readonly bridgeTo: BridgeTo;
  readonly active: McpContext["active"];
  /** The object that grants a tenant's concurrency slots. */
  readonly slotObject: (tenantId: string) => SlotObject;
  readonly sessions: McpContext["sessions"];
}

export interface Gateway {
  readonly mcp: McpEndpoint;
  readonly enter: Enter;
  readonly emitter: Emitter;
  /** What a bridge's object is filled with. */
  readonly createLegacyServer: () => LegacyServer;
}

export function createGateway(parts: GatewayParts): Gateway {
  const { database, authenticator, snapshots, emitter, keyring, upstream, origins } = parts;
  const offers = new Offers<McpContext>({
    async ask(server, context) {
      const offering = await refreshLists(server, context, { keyring, upstream });
      return {
        ...offering,
        server,
        hashes: await hashToolsByName(offering.lists["tools/list"].items),
        isStale: false,
      };
    },
    recall: (tenantId, servers) => recallOffers(database, tenantId, servers),
    remember: parts.remember,
    failed({ id }, error) {
      // Upstream failures are in error_logs, by the pipeline.
      if (error instanceof UpstreamError) return;
      logFailure(toGatewayError(error), { work: "refresh lists", serverId: id });
    },
    now: Date.now,
  });
  const contexts = createContexts({
    snapshots,
    emitter,
    getTraffic: parts.getTraffic,
    queues: new ServerQueues({
      now: Date.now,
      slotObject: parts.slotObject,
      async findCapacity(tenantId, serverId, background) {
        const tenant = await snapshots.get(tenantId, background);
        return tenant?.serversById.get(serverId)?.maxConcurrency;
      },
    }),
    steering: new Steering(),
    exposures: new Exposures(Date.now),
    keyring,
    upstream,
    catalogue: new Catalogue(offers),
    eras: new EraMemory(Date.now),
    maxBodyBytes: parts.maxBodyBytes,
    bodies: new ByteBudget(MAX_HELD_BODY_BYTES),
    translate: (translation, context) => translate(translation, context, parts.bridgeTo),
    active: parts.active,
    sessions: parts.sessions,
  });
  const enter = createEnter(contexts, parts.traces);
  return {
    enter,
    emitter,
    mcp: createMcpEndpoint({
      ...{ authenticator, snapshots, emitter, enter, origins },
      gatewayId: parts.gatewayId,
    }),
    createLegacyServer: () => new LegacyServer({ tools: upstream, keyring, now: Date.now }),
  };
}
