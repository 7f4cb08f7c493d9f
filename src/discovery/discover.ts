/**
 * Fetches and saves the inventory of registered servers: on registration, on a schedule, and when a server announces a
 * change.
 */
import { toGatewayError, UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { mapConcurrent } from "../core/map-concurrent.ts";
import { findServerForProbe, markDiscoveryFailed } from "../db/queries/servers/checks.ts";
import { logFailure } from "../logs/log-failure.ts";
import type { ChannelDeps } from "../upstream/connection/channel.ts";
import { type FetchedInventory, fetchInventory } from "../upstream/fetch-inventory.ts";
import { resolveTarget } from "../upstream/resolve-target.ts";
import { type InventoryDeps, type SavedInventory, saveInventory } from "./save-inventory.ts";
import type { ServerRef } from "./security-findings.ts";

export interface DiscoveryDeps extends InventoryDeps {
  readonly keyring: Keyring;
  readonly upstream: ChannelDeps;
}

export type DiscoveryResult =
  | { readonly kind: "discovered"; readonly offering: FetchedInventory; readonly kept: SavedInventory }
  | { readonly kind: "failed"; readonly error: UpstreamError }
  /** The server was deleted or disabled. */
  | { readonly kind: "absent" }
  | { readonly kind: "known" };

const FIRST_BYTE_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 10_000;
/** For all of its pages together. */
const DISCOVERY_TIMEOUT_MS = 60_000;
const CONCURRENCY = 3;

/** Discovers a batch of servers. A failure of one is logged and does not stop the others. */
export async function discoverServers(
  deps: DiscoveryDeps,
  servers: readonly ServerRef[],
  since: Date,
): Promise<void> {
  await mapConcurrent(servers, CONCURRENCY, (server) =>
    discover(deps, server, since).catch((error: unknown) =>
      logFailure(toGatewayError(error), { work: "discover", serverId: server.serverId }),
    ),
  );
}

/**
 * `since` makes the job idempotent: a server that was discovered after that time is skipped, because messages may be
 * delivered twice.
 */
export async function discover(deps: DiscoveryDeps, of: ServerRef, since?: Date): Promise<DiscoveryResult> {
  const db = deps.database.withTenant(of.tenantId);
  const [server] = await findServerForProbe(db, of);
  if (server === undefined) return { kind: "absent" };
  const { discoveredAt } = server;
  if (since !== undefined && discoveredAt !== null && discoveredAt >= since) return { kind: "known" };
  const timeout = AbortSignal.timeout(DISCOVERY_TIMEOUT_MS);
  try {
    const patient = { ...server, firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS };
    const target = await resolveTarget(patient, deps.keyring);
    const inventory = await fetchInventory(server, target, deps.upstream, timeout);
    const saved = await saveInventory(deps, of, inventory);
    return saved === undefined
      ? { kind: "absent" }
      : { kind: "discovered", offering: inventory, kept: saved };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const text = `${error.code}: ${error.message}`;
    await markDiscoveryFailed(db, of, { at: new Date(deps.now()), error: text });
    return { kind: "failed", error };
  }
}
