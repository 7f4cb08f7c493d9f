/** Which servers have been found to speak one era only. Most are never asked: their answers show it when it matters. */
import type { Era } from "../core/mcp/revisions.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";

/** Servers are upgraded, and nobody tells. */
const VERDICT_MS = 600_000;
const REMEMBERED = 10_000;

interface Verdict {
  readonly url: string;
  readonly only: Era;
  readonly until: number;
}

export class EraMemory {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Undefined where it speaks both, or where nobody has found out. */
  onlyEraOf({ id, endpointUrl, transport }: SnapshotServer): Era | undefined {
    // The other transports are of the legacy era by definition.
    if (transport !== "http") return "legacy";
    const verdict = this.#verdicts.get(id);
    return verdict?.url === endpointUrl && this.#now() < verdict.until ? verdict.only : undefined;
  }

  learn({ id, endpointUrl }: SnapshotServer, only: Era): void {
    this.#verdicts.delete(id);
    this.#verdicts.set(id, { url: endpointUrl, only, until: this.#now() + VERDICT_MS });
    const [oldest] = this.#verdicts.keys();
    if (this.#verdicts.size > REMEMBERED && oldest !== undefined) this.#verdicts.delete(oldest);
  }
}
