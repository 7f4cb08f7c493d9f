/** Which servers support one era only. Most are never probed: their responses show it when it matters. */
import { BoundedMap } from "../../core/bounded-map.ts";
import type { Era } from "../../core/mcp/revisions.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";

/** Servers are upgraded without notice, so a detected era expires. */
const TTL_MS = 600_000;
const MAX_ENTRIES = 10_000;

interface CachedEra {
  readonly url: string;
  readonly only: Era;
  readonly until: number;
}

export class EraCache {
  readonly #entries = new BoundedMap<string, CachedEra>(MAX_ENTRIES);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns undefined if the server supports both eras or none is detected yet. */
  getOnlyEra({ id, endpointUrl, transport }: SnapshotServer): Era | undefined {
    // The other transports are of the legacy era by definition.
    if (transport !== "http") return "legacy";
    const verdict = this.#entries.get(id);
    return verdict?.url === endpointUrl && this.#now() < verdict.until ? verdict.only : undefined;
  }

  set({ id, endpointUrl }: SnapshotServer, only: Era): void {
    this.#entries.delete(id);
    this.#entries.set(id, { url: endpointUrl, only, until: this.#now() + TTL_MS });
  }
}
