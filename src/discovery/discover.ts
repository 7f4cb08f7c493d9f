/**
 * Fetches and saves the inventory of registered servers: on registration, on a schedule, and when a server announces a
 * change.
 */
import { usesAccounts } from "../core/enums.ts";
import { toGatewayError, UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { mapConcurrent } from "../core/map-concurrent.ts";
import { findServerForProbe, markDiscoveryFailed } from "../db/queries/servers/checks.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { logFailure } from "../logs/log-failure.ts";
import type { ChannelDeps } from "../upstream/connection/channel.ts";
import type { Header } from "../upstream/credentials.ts";
import { type FetchedInventory, fetchInventory } from "../upstream/fetch-inventory.ts";
import { resolveTarget } from "../upstream/resolve-target.ts";
import { type InventoryDeps, type SavedInventory, saveInventory } from "./save-inventory.ts";
import type { ServerRef } from "./security-findings.ts";

export interface DiscoveryDeps extends InventoryDeps {
  readonly keyring: Keyring;
  readonly upstream: ChannelDeps;
  /** The credential of the account appointed for discovery; undefined where none is, or none is needed. */
  readonly findAccount: (server: AccountServer) => Promise<Header | undefined>;
}

/** A server where members act with their own accounts. */
export interface AccountServer {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
}

export type DiscoveryResult =
  | { readonly kind: "discovered"; readonly offering: FetchedInventory; readonly kept: SavedInventory }
  | { readonly kind: "failed"; readonly error: UpstreamError }
  /** The server was deleted or disabled. */
  | { readonly kind: "absent" }
  | { readonly kind: "known" };

const FIRST_BYTE_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 10_000;
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
  try {
    const patient = { ...server, firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS };
    const account = await deps.findAccount(server);
    if (account === undefined && usesAccounts(server.auth.type)) throw noDiscoveryAccount(server.name);
    const target = await resolveTarget(patient, deps.keyring, account);
    const inventory = await fetchInventory(server, target, deps.upstream);
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

/** Lists are never fetched with the credential of a member who has not agreed to it. */
function noDiscoveryAccount(server: string): UpstreamError {
  const message = `No account is appointed for capability discovery of server ${server}. Connect one under Connected accounts.`;
  return new UpstreamError("upstream_refused", server, message);
}
