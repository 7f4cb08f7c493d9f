/** Asks a registered server what it offers, and keeps the answer: on registration, by the clock, and when it says so itself. */
import { UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { markDiscoveryFailed, serverForVisit } from "../db/queries/visits.ts";
import { askServer, type Offering } from "../upstream/ask.ts";
import type { ChannelTools } from "../upstream/channel.ts";
import { targetFor } from "../upstream/target.ts";
import { type KeepParts, type Kept, keepOffering, type ServerOf } from "./keep.ts";

export interface DiscoverParts extends KeepParts {
  readonly keyring: Keyring;
  readonly upstream: ChannelTools;
}

export type Discovery =
  | { readonly kind: "discovered"; readonly offering: Offering; readonly kept: Kept }
  | { readonly kind: "failed"; readonly error: UpstreamError }
  /** It is gone, or switched off. */
  | { readonly kind: "absent" }
  | { readonly kind: "known" };

const FIRST_BYTE_MS = 5000;
const IDLE_MS = 10_000;
/** For all of its pages together. */
const PATIENCE_MS = 60_000;

/** `since`: whoever has been asked after that is not asked again, for messages may come twice. */
export async function discover(parts: DiscoverParts, of: ServerOf, since?: Date): Promise<Discovery> {
  const db = parts.database.withTenant(of.tenantId);
  const [server] = await serverForVisit(db, of);
  if (server === undefined) return { kind: "absent" };
  const { discoveredAt } = server;
  if (since !== undefined && discoveredAt !== null && discoveredAt >= since) return { kind: "known" };
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const patient = { ...server, firstByteTimeoutMs: FIRST_BYTE_MS, idleTimeoutMs: IDLE_MS };
    const target = await targetFor(patient, parts.keyring);
    const offering = await askServer(server, target, parts.upstream, patience);
    const kept = await keepOffering(parts, of, offering);
    return kept === undefined ? { kind: "absent" } : { kind: "discovered", offering, kept };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const told = `${error.code}: ${error.message}`;
    await markDiscoveryFailed(db, of, { at: new Date(parts.now()), error: told });
    return { kind: "failed", error };
  }
}
