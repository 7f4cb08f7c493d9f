/** What an isolate sees of its servers' load: calls that run, and how long calls took of late. */
import { BoundedMap } from "../bounded-map.ts";

interface Load {
  running: number;
  /** Milliseconds; undefined before the first call has ended. */
  latency: number | undefined;
  at: number;
}

/** A measurement weighs less the sooner it follows another (an average over time, not over calls). */
const DECAY_MS = 10_000;
const MAX_SERVERS = 5000;

export class LoadTracker {
  readonly #loads = new BoundedMap<string, Load>(MAX_SERVERS);

  begin(serverId: string): void {
    this.#getLoad(serverId).running += 1;
  }

  /** `ms` is undefined for a call without a meaningful duration, for example a canceled one. */
  end(serverId: string, ms: number | undefined, now: number): void {
    const load = this.#getLoad(serverId);
    load.running = Math.max(0, load.running - 1);
    if (ms === undefined) return;
    // One slow response counts at once, and decays slowly ("peak EWMA", Finagle).
    const weight = Math.exp(-Math.max(0, now - load.at) / DECAY_MS);
    load.latency =
      load.latency === undefined || ms > load.latency ? ms : load.latency * weight + ms * (1 - weight);
    load.at = now;
  }

  running(serverId: string): number {
    return this.#loads.get(serverId)?.running ?? 0;
  }

  /** How long a further call would have to do with the others: what is not known is tried first. */
  cost(serverId: string, now: number): number {
    const load = this.#loads.get(serverId);
    if (load?.latency === undefined) return load?.running ?? 0;
    return load.latency * Math.exp(-Math.max(0, now - load.at) / (6 * DECAY_MS)) * (load.running + 1);
  }

  #getLoad(serverId: string): Load {
    let load = this.#loads.get(serverId);
    if (load === undefined) {
      load = { running: 0, latency: undefined, at: 0 };
      this.#loads.set(serverId, load);
    }
    return load;
  }
}
