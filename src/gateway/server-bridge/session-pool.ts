/**
 * Sessions with one legacy server on behalf of one principal, kept for the next call. A session serves one call at a
 * time: a server's requests and notifications without a reference can then only be about that call.
 */
import type { Transport } from "../../core/enums.ts";
import { type JsonObject, METHOD_NOT_FOUND } from "../../core/mcp/json-rpc.ts";
import { LATEST_LEGACY } from "../../core/mcp/revisions.ts";
import { withTimeout } from "../../core/timers.ts";
import type { ChannelDeps, ChannelTarget } from "../../upstream/connection/channel.ts";
import type { Header } from "../../upstream/credentials.ts";
import { connectLegacy, type LegacySession } from "../../upstream/protocol/legacy-session.ts";

type SessionTarget = Omit<ChannelTarget, "credential"> & { credential?: Header };

export interface SessionUser {
  /** A notification, or a request of the server's; `astray` where it did not come on the call's own stream. */
  receive(message: JsonObject, astray: boolean): void;
}

export interface PooledSession extends LegacySession {
  /** Its channel reads the credential for every message. */
  readonly target: SessionTarget;
  user: SessionUser | undefined;
  /** What logging/setLevel was last called with. */
  level: string | undefined;
  isClosed: boolean;
  /** It has served before, and the server may have closed it since. */
  isUsed: boolean;
}

export interface SessionKey {
  readonly target: ChannelTarget;
  readonly transport: Transport;
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
  /** Each call has a credential of its own, which is independent of the session. */
  readonly isSignedPerCall: boolean;
}

interface IdleSession {
  readonly session: PooledSession;
  readonly key: string;
  readonly since: number;
}

const IDLE_TIMEOUT_MS = 300_000;
const LISTEN_TIMEOUT_MS = 250;

export class SessionPool {
  readonly #tools: ChannelDeps;
  readonly #now: () => number;
  #idle: IdleSession[] = [];

  constructor(tools: ChannelDeps, now: () => number) {
    this.#tools = tools;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#idle.length === 0;
  }

  /** The session used last, so that a client in conversation keeps meeting the same one. */
  async acquire(key: SessionKey): Promise<PooledSession> {
    const name = poolKey(key);
    const position = this.#idle.findLastIndex((idle) => idle.key === name && !idle.session.isClosed);
    const [found] = position === -1 ? [] : this.#idle.splice(position, 1);
    if (found !== undefined) renewCredential(found.session, key);
    return found?.session ?? this.#connect(key);
  }

  release(pooled: PooledSession, key: SessionKey): void {
    pooled.user = undefined;
    pooled.isUsed = true;
    if (!pooled.isClosed) this.#idle.push({ session: pooled, key: poolKey(key), since: this.#now() });
  }

  async discard(pooled: PooledSession): Promise<void> {
    pooled.user = undefined;
    pooled.isClosed = true;
    await pooled.channel.close();
  }

  async sweep(): Promise<void> {
    const old = this.#idle.filter(
      ({ since, session: pooled }) => pooled.isClosed || this.#now() - since >= IDLE_TIMEOUT_MS,
    );
    this.#idle = this.#idle.filter((idle) => !old.includes(idle));
    await Promise.all(old.map(({ session: pooled }) => this.discard(pooled)));
  }

  async #connect({ target: first, transport, capabilities, clientInfo }: SessionKey): Promise<PooledSession> {
    const target: SessionTarget = { ...first };
    const early: JsonObject[] = [];
    let pooled: PooledSession | undefined;
    const session = await connectLegacy({
      target,
      transport,
      deps: this.#tools,
      client: { revision: LATEST_LEGACY, capabilities, clientInfo },
      events: {
        message(message, relatedTo) {
          if (pooled === undefined) early.push(message);
          else deliver(pooled, message, relatedTo === undefined);
        },
        closed() {
          if (pooled !== undefined) pooled.isClosed = true;
        },
      },
    });
    pooled = { ...session, target, user: undefined, level: undefined, isClosed: false, isUsed: false };
    for (const message of early) deliver(pooled, message, true);
    // Some servers send on the general stream what they should send on the call's own, and what they send before it is
    // open is lost.
    await withTimeout(
      session.channel.listen().catch(() => false),
      LISTEN_TIMEOUT_MS,
    );
    return pooled;
  }
}

function deliver(lease: PooledSession, message: JsonObject, astray: boolean): void {
  const { id, method } = message;
  if (method === "ping" && id !== undefined) {
    void lease.channel.send({ jsonrpc: "2.0", id, result: {} }).catch(() => undefined);
  } else if (lease.user !== undefined) {
    lease.user.receive(message, astray);
  } else if (id !== undefined && method !== undefined) {
    // Between calls no client is connected; an empty list of roots is a valid response.
    const answer =
      method === "roots/list"
        ? { result: { roots: [] } }
        : { error: { code: METHOD_NOT_FOUND, message: "No client is available for this request." } };
    void lease.channel.send({ jsonrpc: "2.0", id, ...answer }).catch(() => undefined);
  }
}

/** For what is sent from here on. */
export function renewCredential({ target }: PooledSession, key: SessionKey): void {
  const { credential } = key.target;
  if (credential !== undefined) target.credential = credential;
}

/** A server that was moved or re-keyed is another server. */
function poolKey({ target, transport, capabilities, clientInfo, isSignedPerCall }: SessionKey): string {
  const credential = isSignedPerCall ? undefined : target.credential;
  const { url, handshakeHeaders } = target;
  return JSON.stringify([url, credential, handshakeHeaders, transport, capabilities, clientInfo]);
}
