/** Asks a registered server what it offers, and keeps the answer: on registration, by the clock, and when it says so itself. */
import { UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { findServerForProbe, markDiscoveryFailed } from "../db/queries/servers/checks.ts";
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
  const patience = AbortSignal.timeout(DISCOVERY_TIMEOUT_MS);
  try {
    const patient = { ...server, firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS };
    const target = await resolveTarget(patient, deps.keyring);
    const inventory = await fetchInventory(server, target, deps.upstream, patience);
    const saved = await saveInventory(deps, of, inventory);
    return saved === undefined
      ? { kind: "absent" }
      : { kind: "discovered", offering: inventory, kept: saved };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const told = `${error.code}: ${error.message}`;
    await markDiscoveryFailed(db, of, { at: new Date(deps.now()), error: told });
    return { kind: "failed", error };
  }
}
