/**
 * The state of the queues in front of a tenant's servers. Each isolate sends with its requests for slots how many
 * calls wait in it; totals are counted by differences, so that a lost message costs nothing.
 */
import { type QueueLoad, SLOT_TTL_MS } from "./slots.ts";

export interface QueueTotals {
  readonly queued: number;
  readonly rejected: number;
  readonly observedAt: number;
}

export interface ObservedQueue extends QueueTotals {
  readonly serverId: string;
  readonly depth: number;
  readonly oldestWaitMs: number;
}

interface ObservedHolder extends QueueLoad {
  readonly at: number;
}

interface ServerQueueState {
  totals: QueueTotals;
  readonly holders: Map<string, ObservedHolder>;
}

export class QueueObserver {
  readonly #servers = new Map<string, ServerQueueState>();

  constructor(known: Iterable<readonly [serverId: string, totals: QueueTotals]> = []) {
    for (const [serverId, totals] of known) this.#servers.set(serverId, { totals, holders: new Map() });
  }

  /** Returns the new totals if calls were queued or rejected. */
  observe(serverId: string, holderId: string, load: QueueLoad, now: number): QueueTotals | undefined {
    const server = this.#servers.get(serverId) ?? {
      totals: { queued: 0, rejected: 0, observedAt: now },
      holders: new Map<string, ObservedHolder>(),
    };
    this.#servers.set(serverId, server);
    const before = server.holders.get(holderId) ?? { queued: 0, rejected: 0 };
    const queued = Math.max(0, load.queued - before.queued);
    const rejected = Math.max(0, load.rejected - before.rejected);
    server.holders.set(holderId, { ...load, at: now });
    const { totals } = server;
    server.totals = {
      queued: totals.queued + queued,
      rejected: totals.rejected + rejected,
      observedAt: now,
    };
    return queued + rejected > 0 ? server.totals : undefined;
  }

  /** The deepest first. An isolate that has sent nothing for as long as a grant lasts has no waiting calls. */
  list(now: number): ObservedQueue[] {
    return Array.from(this.#servers, ([serverId, { totals, holders }]) => {
      const waiting = [...holders.values()].filter(
        (holder) => holder.waiting > 0 && now - holder.at < SLOT_TTL_MS,
      );
      return {
        ...{ serverId, ...totals },
        depth: waiting.reduce((sum, holder) => sum + holder.waiting, 0),
        oldestWaitMs: Math.max(0, ...waiting.map(({ oldestWaitMs, at }) => oldestWaitMs + now - at)),
      };
    }).toSorted((one, other) => other.depth - one.depth || other.observedAt - one.observedAt);
  }

  /** Isolates that are gone; what they counted is in the totals. */
  deleteExpired(now: number): void {
    for (const { holders } of this.#servers.values()) {
      for (const [id, { at }] of holders) if (now - at > HOLDER_TTL_MS) holders.delete(id);
    }
  }
}

/** What a holder reports again after this would be counted twice. */
const HOLDER_TTL_MS = 86_400_000;
