/** Creates the gateway's services and connects them. */

import { hashToolsByName } from "../core/discovery/definition-hash.ts";
import { toGatewayError, UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { ByteBudget } from "../core/net/byte-budget.ts";
import type { OriginPolicy } from "../core/net/origin.ts";
import { MAX_HELD_BODY_BYTES } from "../core/size-limits.ts";
import type { Authenticator } from "../identity/authenticate.ts";
import type { Emitter } from "../logs/emit.ts";
import { logFailure } from "../logs/log-failure.ts";
import type { TraceExporter } from "../logs/trace-exporter.ts";
import { ConcurrencyQueues, type SlotObject } from "../policy/concurrency-queues.ts";
import { RoutingState } from "../policy/routing-state.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import type { TenantTraffic } from "../policy/traffic.ts";
import type { ChannelDeps } from "../upstream/connection/channel.ts";
import { Catalog } from "./catalog/catalog.ts";
import { InventoryCache, type InventorySources } from "./catalog/inventory-cache.ts";
import type { McpContext } from "./context/context.ts";
import { createContextFactory, createRequestStarter, type RequestStarter } from "./context/create-context.ts";
import { EraCache } from "./context/era-cache.ts";
import { FlagExposures } from "./context/flag-exposures.ts";
import { createMcpHandler, type McpHandler } from "./endpoint.ts";
import { refreshLists } from "./pipeline/refresh-lists.ts";
import { callThroughBridge, type GetBridge } from "./server-bridge/bridge-client.ts";
import { LegacyServer } from "./server-bridge/legacy-server.ts";

export interface GatewayDeps {
  readonly authenticator: Authenticator;
  readonly snapshots: Snapshots;
  readonly emitter: Emitter;
  readonly traces: TraceExporter;
  readonly getTraffic: (tenantId: string) => TenantTraffic;
  readonly keyring: Keyring;
  readonly loadAccounts: McpContext["loadAccounts"];
  readonly upstream: ChannelDeps;
  readonly gatewayId: string;
  readonly hasFastPath: boolean;
  /** Reads the stored inventories of servers (aggregate/stored-inventory.ts). */
  readonly loadStoredInventories: InventorySources<McpContext>["loadStored"];
  /** Saves the inventory of a server, and compares it with its pins (discovery/save-inventory.ts). */
  readonly saveInventory: InventorySources<McpContext>["save"];
  readonly origins: OriginPolicy;
  readonly maxBodyBytes: number;
  readonly getBridge: GetBridge;
  readonly active: McpContext["active"];
  /** The object that grants a tenant's concurrency slots. */
  readonly slotObject: (tenantId: string) => SlotObject;
  readonly sessions: McpContext["sessions"];
}

export interface Gateway {
  readonly handle: McpHandler;
  readonly requests: RequestStarter;
  readonly emitter: Emitter;
  /** What a bridge's object is filled with. */
  readonly createLegacyServer: () => LegacyServer;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const { authenticator, snapshots, emitter, keyring, upstream, origins } = deps;
  const offers = new InventoryCache<McpContext>({
    async fetch(server, context) {
      const offering = await refreshLists(server, context, { keyring, upstream });
      return {
        ...offering,
        server,
        hashes: await hashToolsByName(offering.lists["tools/list"].items),
        isStale: false,
      };
    },
    loadStored: deps.loadStoredInventories,
    save: deps.saveInventory,
    onError({ id }, error) {
      const known = toGatewayError(error);
      // Upstream failures are in error_logs, by the pipeline; an account is appointed by an admin.
      if (error instanceof UpstreamError || known.code === "account_required") return;
      logFailure(known, { work: "refresh lists", serverId: id });
    },
    now: Date.now,
  });
  const contexts = createContextFactory({
    snapshots,
    emitter,
    getTraffic: deps.getTraffic,
    queues: new ConcurrencyQueues({
      now: Date.now,
      slotObject: deps.slotObject,
      async findCapacity(tenantId, serverId, background) {
        const tenant = await snapshots.get(tenantId, background);
        return tenant?.serversById.get(serverId)?.maxConcurrency;
      },
    }),
    routing: new RoutingState(),
    exposures: new FlagExposures(Date.now),
    keyring,
    loadAccounts: deps.loadAccounts,
    upstream,
    catalog: new Catalog(offers),
    eras: new EraCache(Date.now),
    maxBodyBytes: deps.maxBodyBytes,
    bodies: new ByteBudget(MAX_HELD_BODY_BYTES),
    callThroughBridge: (translation, context) => callThroughBridge(translation, context, deps.getBridge),
    active: deps.active,
    sessions: deps.sessions,
  });
  const requests = createRequestStarter(contexts, deps.traces);
  return {
    requests,
    emitter,
    handle: createMcpHandler({
      ...{ authenticator, snapshots, emitter, requests, origins },
      gatewayId: deps.gatewayId,
      hasFastPath: deps.hasFastPath,
    }),
    createLegacyServer: () => new LegacyServer({ tools: upstream, keyring, now: Date.now }),
  };
}
