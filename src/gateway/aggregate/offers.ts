/**
 * What each server of a tenant offers, kept in the isolate. Lists are asked of the servers themselves, each with a
 * deadline of its own; who does not answer in time is stood in for by what the catalogue remembers, and the gap is told.
 */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import type { ListMethod } from "../../core/mcp/lists.ts";
import type { Gap, ListPart } from "../../core/mcp/merge.ts";
import type { Era } from "../../core/mcp/revisions.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { within } from "../streams.ts";

export interface Offer {
  readonly server: SnapshotServer;
  readonly era: Era;
  readonly capabilities: JsonObject;
  readonly instructions: string | undefined;
  readonly lists: Readonly<Record<ListMethod, ListPart>>;
  /** From the catalogue, because the server did not answer. */
  readonly isStale: boolean;
}

/** The world outside, so that this can be told by a test. */
export interface OfferSources {
  /** Asks the server itself. */
  ask(server: SnapshotServer): Promise<Offer>;
  /** What was known of it last; undefined where nothing was. */
  recall(server: SnapshotServer): Promise<Offer | undefined>;
  /** Keeps what the server said for the days when it says nothing. */
  remember(offer: Offer): Promise<void>;
  readonly now: () => number;
}

export interface OfferTimes {
  readonly deadlineMs: number;
  /** How long a list is taken as it is when its server does not say. */
  readonly defaultTtlMs: number;
  /** A server that failed is left in peace for this long. */
  readonly retryMs: number;
}

export const OFFER_TIMES: OfferTimes = { deadlineMs: 3000, defaultTtlMs: 15_000, retryMs: 10_000 };

/** Lists are asked for again at least this often, and at most. */
const SHORTEST_TTL_MS = 1000;
const LONGEST_TTL_MS = 60_000;

interface Entry {
  offer: Offer | undefined;
  freshUntil: number;
  /** When a request last set out to ask; nobody else waits for it (see core/cache.ts). */
  askedAt: number;
  failure: string | undefined;
}

export interface Offered {
  readonly offers: readonly Offer[];
  readonly gaps: readonly Gap[];
}

type Background = (work: Promise<unknown>) => void;

export class Offers {
  readonly #entries = new Map<string, Entry>();
  readonly #sources: OfferSources;
  readonly #times: OfferTimes;

  constructor(sources: OfferSources, times: OfferTimes = OFFER_TIMES) {
    this.#sources = sources;
    this.#times = times;
  }

  /** Never later than one deadline, however many servers hang. */
  async of(servers: readonly SnapshotServer[], background: Background): Promise<Offered> {
    const results = await Promise.all(servers.map((server) => this.#one(server, background)));
    return {
      offers: results.flatMap(({ offer }) => (offer === undefined ? [] : [offer])),
      gaps: results.flatMap(({ gap }) => (gap === undefined ? [] : [gap])),
    };
  }

  /** The server said that its lists have changed. */
  forget(serverId: string): void {
    const entry = this.#entries.get(serverId);
    if (entry !== undefined) entry.freshUntil = 0;
  }

  async #one(
    server: SnapshotServer,
    background: Background,
  ): Promise<{ offer: Offer | undefined; gap: Gap | undefined }> {
    const entry = this.#entryOf(server);
    const now = this.#sources.now();
    const isFresh = now < entry.freshUntil;
    if (!isFresh && entry.offer !== undefined && !entry.offer.isStale) {
      // What was true a moment ago serves while it is asked again.
      if (now - entry.askedAt >= this.#times.deadlineMs) background(this.#ask(server, entry));
    } else if (!isFresh && now - entry.askedAt >= this.#times.retryMs) {
      const asked = this.#ask(server, entry);
      background(asked);
      const inTime = await within(
        asked.then(() => true),
        this.#times.deadlineMs,
      );
      if (inTime === undefined) entry.failure = `did not answer within ${this.#times.deadlineMs} ms`;
    }
    if (entry.offer === undefined) entry.offer = await this.#sources.recall(server).catch(() => undefined);
    const { offer, failure } = entry;
    if (offer !== undefined && !offer.isStale) return { offer, gap: undefined };
    const reason = failure ?? "is being asked for the first time";
    return { offer, gap: { server: server.name, reason, stale: offer !== undefined } };
  }

  #entryOf(server: SnapshotServer): Entry {
    const known = this.#entries.get(server.id);
    // A server that was moved or re-keyed is another server.
    if (known?.offer !== undefined && known.offer.server.endpointUrl !== server.endpointUrl)
      this.#entries.delete(server.id);
    let entry = this.#entries.get(server.id);
    if (entry === undefined) {
      entry = { offer: undefined, freshUntil: 0, askedAt: Number.NEGATIVE_INFINITY, failure: undefined };
      this.#entries.set(server.id, entry);
    }
    return entry;
  }

  async #ask(server: SnapshotServer, entry: Entry): Promise<void> {
    entry.askedAt = this.#sources.now();
    try {
      const offer = await this.#sources.ask(server);
      entry.offer = offer;
      entry.failure = undefined;
      entry.freshUntil = this.#sources.now() + this.#ttlOf(offer);
      await this.#sources.remember(offer).catch(() => undefined);
    } catch {
      // Addresses and causes are not for callers; the failure itself is logged where it happens.
      entry.failure = "cannot be reached";
      if (entry.offer !== undefined) entry.offer = { ...entry.offer, isStale: true };
    }
  }

  #ttlOf(offer: Offer): number {
    const stated = Object.values(offer.lists).map(({ ttlMs }) => ttlMs ?? this.#times.defaultTtlMs);
    return Math.min(Math.max(Math.min(...stated), SHORTEST_TTL_MS), LONGEST_TTL_MS);
  }
}
