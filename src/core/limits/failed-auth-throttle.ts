/**
 * Throttles failed authentications per client. Secrets have 256 bits and cannot be guessed; the throttle prevents that
 * each attempt costs a query, and reports the attempts. Repeating the same wrong key indicates a misconfigured program
 * rather than guessing, and counts once.
 */
import { BoundedMap } from "../bounded-map.ts";
export interface FailedAuthLimits {
  /** Different wrong proofs from one place in a window. */
  readonly free: number;
  readonly windowMs: number;
}

interface ClientFailures {
  readonly since: number;
  readonly fingerprints: Set<number>;
}

const MAX_CLIENTS = 10_000;

export class FailedAuthThrottle {
  readonly #clients = new BoundedMap<string, ClientFailures>(MAX_CLIENTS);
  readonly #limits: FailedAuthLimits;

  constructor(limits: FailedAuthLimits) {
    this.#limits = limits;
  }

  /** How long a place has to wait; undefined where it need not. */
  waitMs(client: string, now: number): number | undefined {
    const known = this.#clients.get(client);
    if (known === undefined || known.fingerprints.size < this.#limits.free) return undefined;
    const left = known.since + this.#limits.windowMs - now;
    return left > 0 ? left : undefined;
  }

  /** True for the one that fills the window: once per window an event is recorded. */
  recordFailure(client: string, credential: string, now: number): boolean {
    let known = this.#clients.get(client);
    if (known === undefined || now - known.since >= this.#limits.windowMs) {
      known = { since: now, fingerprints: new Set() };
      this.#clients.delete(client);
      this.#clients.set(client, known);
    }
    const before = known.fingerprints.size;
    if (before < this.#limits.free) known.fingerprints.add(fingerprint(credential));
    return before < known.fingerprints.size && known.fingerprints.size === this.#limits.free;
  }
}

/** FNV-1a: two proofs that share one count once, and that is all. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** An IPv6 client usually controls a whole /64, so the prefix is counted. */
export function clientPrefix(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail = ""] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const missing = address.includes("::") ? 8 - groups.length - tail.split(":").filter(Boolean).length : 0;
  const all = [...groups, ...Array<string>(missing).fill("0"), ...tail.split(":").filter(Boolean)];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
