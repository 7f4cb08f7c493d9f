/**
 * Wrong proofs by where they came from. Secrets here have 256 bits and cannot be guessed; this keeps those who try
 * from costing a query each, and lets it be known that they try. The same wrong key again and again is a program that
 * nobody looks after, not a guess, and counts once.
 */
export interface GuessLimits {
  /** Different wrong proofs from one place in a window. */
  readonly free: number;
  readonly windowMs: number;
}

interface Place {
  readonly since: number;
  readonly tried: Set<number>;
}

const MOST_PLACES = 10_000;

export class Guesses {
  readonly #places = new Map<string, Place>();
  readonly #limits: GuessLimits;

  constructor(limits: GuessLimits) {
    this.#limits = limits;
  }

  /** How long a place has to wait; undefined where it need not. */
  waitMs(place: string, now: number): number | undefined {
    const known = this.#places.get(place);
    if (known === undefined || known.tried.size < this.#limits.free) return undefined;
    const left = known.since + this.#limits.windowMs - now;
    return left > 0 ? left : undefined;
  }

  /** True for the one that fills the window: once a window there is something to tell. */
  note(place: string, proof: string, now: number): boolean {
    let known = this.#places.get(place);
    if (known === undefined || now - known.since >= this.#limits.windowMs) {
      known = { since: now, tried: new Set() };
      this.#places.delete(place);
      this.#places.set(place, known);
      const [oldest] = this.#places.keys();
      if (this.#places.size > MOST_PLACES && oldest !== undefined) this.#places.delete(oldest);
    }
    const before = known.tried.size;
    if (before < this.#limits.free) known.tried.add(fingerprint(proof));
    return before < known.tried.size && known.tried.size === this.#limits.free;
  }
}

/** FNV-1a: two proofs that share one count once, and that is all. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Whoever has one IPv6 address has a /64 of them. */
export function placeOf(address: string): string {
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
