/**
 * Sessions with one legacy server on behalf of one principal, kept for the next call. A session serves one call at a
 * time: what a server asks or tells without saying why can then only be about that call.
 */
import type { Transport } from "../../core/enums.ts";
import { type JsonObject, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { LATEST_LEGACY } from "../../core/mcp/revisions.ts";
import { withTimeout } from "../../core/timers.ts";
import { connectLegacy, type LegacySession } from "../../upstream/protocol/legacy-session.ts";
import type { ChannelDeps, ChannelTarget } from "../../upstream/transports/channel.ts";

export interface Tenant {
  /** A notification, or a request of the server's; `astray` where it did not come on the call's own stream. */
  heard(message: JsonObject, astray: boolean): void;
}

export interface Lease extends LegacySession {
  tenant: Tenant | undefined;
  /** What logging/setLevel was last called with. */
  level: string | undefined;
  isClosed: boolean;
  /** It has served before, and the server may have forgotten it since. */
  isUsed: boolean;
}

export interface LeaseWish {
  readonly target: ChannelTarget;
  readonly transport: Transport;
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
}

interface Idle {
  readonly lease: Lease;
  readonly key: string;
  readonly since: number;
}

const IDLE_MS = 300_000;
const LISTENING_WITHIN_MS = 250;

export class Leases {
  readonly #tools: ChannelDeps;
  readonly #now: () => number;
  #idle: Idle[] = [];

  constructor(tools: ChannelDeps, now: () => number) {
    this.#tools = tools;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#idle.length === 0;
  }

  /** The session used last, so that a client in conversation keeps meeting the same one. */
  async take(wish: LeaseWish): Promise<Lease> {
    const key = keyOf(wish);
    const position = this.#idle.findLastIndex((idle) => idle.key === key && !idle.lease.isClosed);
    const [found] = position === -1 ? [] : this.#idle.splice(position, 1);
    return found?.lease ?? this.#connect(wish);
  }

  giveBack(lease: Lease, wish: LeaseWish): void {
    lease.tenant = undefined;
    lease.isUsed = true;
    if (!lease.isClosed) this.#idle.push({ lease, key: keyOf(wish), since: this.#now() });
  }

  async drop(lease: Lease): Promise<void> {
    lease.tenant = undefined;
    lease.isClosed = true;
    await lease.channel.close();
  }

  async sweep(): Promise<void> {
    const old = this.#idle.filter(({ since, lease }) => lease.isClosed || this.#now() - since >= IDLE_MS);
    this.#idle = this.#idle.filter((idle) => !old.includes(idle));
    await Promise.all(old.map(({ lease }) => this.drop(lease)));
  }

  async #connect({ target, transport, capabilities, clientInfo }: LeaseWish): Promise<Lease> {
    const early: JsonObject[] = [];
    let lease: Lease | undefined;
    const session = await connectLegacy({
      target,
      transport,
      deps: this.#tools,
      client: { revision: LATEST_LEGACY, capabilities, clientInfo },
      events: {
        message(message, relatedTo) {
          if (lease === undefined) early.push(message);
          else hear(lease, message, relatedTo === undefined);
        },
        closed() {
          if (lease !== undefined) lease.isClosed = true;
        },
      },
    });
    lease = { ...session, tenant: undefined, level: undefined, isClosed: false, isUsed: false };
    for (const message of early) hear(lease, message, true);
    // Some servers say on the general stream what they should say on the call's own, and what they say before it is
    // open is lost.
    await withTimeout(
      session.channel.listen().catch(() => false),
      LISTENING_WITHIN_MS,
    );
    return lease;
  }
}

function hear(lease: Lease, message: JsonObject, astray: boolean): void {
  const { id, method } = message;
  if (method === "ping" && id !== undefined) {
    void lease.channel.send({ jsonrpc: "2.0", id, result: {} }).catch(() => undefined);
  } else if (lease.tenant !== undefined) {
    lease.tenant.heard(message, astray);
  } else if (id !== undefined && method !== undefined) {
    // Between two calls there is nobody to ask; a client without roots is a client all the same.
    const answer =
      method === "roots/list"
        ? { result: { roots: [] } }
        : { error: { code: METHOD_NOT_FOUND, message: "No client is available for this request." } };
    void lease.channel.send({ jsonrpc: "2.0", id, ...answer }).catch(() => undefined);
  }
}

/** A server that was moved or re-keyed is another server. */
function keyOf({ target, transport, capabilities, clientInfo }: LeaseWish): string {
  return JSON.stringify([target.url, target.credential, transport, capabilities, clientInfo]);
}
