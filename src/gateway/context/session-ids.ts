/**
 * Seals upstream session IDs for one principal and one server. A stolen ID is useless to others, no storage is needed,
 * and a session survives any isolate.
 */
import { BoundedMap } from "../../core/bounded-map.ts";
import type { Keyring } from "../../core/keyring.ts";

export interface SessionOwner {
  readonly principalId: string;
  readonly serverId: string;
}

const purpose = ({ principalId, serverId }: SessionOwner) => `session:${serverId}:${principalId}`;

/** Ids come back with every request: what was opened once need not be opened again. */
const MAX_ENTRIES = 10_000;

export class SessionIds {
  readonly #keyring: Keyring;
  readonly #opened = new BoundedMap<string, string>(MAX_ENTRIES);

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  async seal(owner: SessionOwner, upstreamId: string): Promise<string> {
    const sealed = await this.#keyring.seal(purpose(owner), new TextEncoder().encode(upstreamId));
    this.#cache(owner, sealed, upstreamId);
    return sealed;
  }

  /** Undefined for an id that is not this principal's on this server: to them no such session exists. */
  async open(owner: SessionOwner, sealed: string): Promise<string | undefined> {
    const known = this.#opened.get(memoryKey(owner, sealed));
    if (known !== undefined) return known;
    const opened = await this.#keyring.open(purpose(owner), sealed);
    if (opened === undefined) return undefined;
    const upstreamId = new TextDecoder().decode(opened);
    this.#cache(owner, sealed, upstreamId);
    return upstreamId;
  }

  #cache(owner: SessionOwner, sealed: string, upstreamId: string): void {
    this.#opened.set(memoryKey(owner, sealed), upstreamId);
  }
}

const memoryKey = (owner: SessionOwner, sealed: string) => `${purpose(owner)}:${sealed}`;
