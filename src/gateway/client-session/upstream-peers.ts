/** The servers that a session has dealt with, each in its era. */

import type { ErrorCode } from "../../core/error-codes.ts";
import { toGatewayError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import type { ChannelTarget } from "../../upstream/connection/channel.ts";
import type { Header } from "../../upstream/credentials.ts";
import { addHandshakeHeaders, resolveTarget } from "../../upstream/resolve-target.ts";
import { createResponseRewriter } from "../aggregate/rewrite-response.ts";
import type { ServerInventory } from "../catalog/inventory-cache.ts";
import type { NameIndex } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import { LegacyPeer } from "./legacy-peer.ts";
import { ModernPeer } from "./modern-peer.ts";
import type { ClientFacts, PeerExchange, SessionPeer } from "./peer.ts";
import type { SessionContext } from "./state.ts";

/** The channel of a peer reads it for every message. */
type PeerTarget = Omit<ChannelTarget, "credential"> & { credential?: Header };

interface PeerTerms {
  readonly credential: Header | undefined;
  readonly headers: HeaderMap;
}

type GeneralExchange = Pick<PeerExchange, "notify" | "request">;

const NO_CLIENT: ClientFacts = { revision: "", capabilities: {}, clientInfo: {}, logLevel: undefined };

/** A session with its connections to upstreams. */
export interface ConnectedSession extends SessionContext {
  readonly peers: UpstreamPeers;
  /** Follows the subscriptions of the client, whose general stream is open. */
  attend(context: McpContext): void;
}

export class UpstreamPeers {
  readonly #session: SessionContext;
  readonly #general: GeneralExchange;
  readonly #peers = new Map<string, Promise<SessionPeer>>();
  readonly #targets = new Map<string, PeerTarget>();

  constructor(session: SessionContext, general: GeneralExchange) {
    this.#session = session;
    this.#general = general;
  }

  /** `terms`: of the first call, and its credential where it is obtained for it. */
  async connect(
    offer: ServerInventory,
    tables: NameIndex,
    context: McpContext,
    { credential: account, headers }: PeerTerms,
  ): Promise<SessionPeer> {
    const { id } = offer.server;
    let peer = this.#peers.get(id);
    const known = this.#targets.get(id);
    // A token is renewed while the connection lasts: from here on the peer sends the new one.
    if (known !== undefined && account !== undefined) known.credential = account;
    if (peer === undefined) {
      const resolved = await resolveTarget(offer.server, context.keyring, account);
      const target: PeerTarget = addHandshakeHeaders(resolved, offer.server, headers);
      this.#targets.set(id, target);
      peer = this.#createPeer(offer, tables, context, target);
      this.#peers.set(id, peer);
      // A failed connection is removed, so that the next request connects again.
      peer.catch(() => this.#peers.delete(id));
    }
    return peer;
  }

  isLegacy(peer: SessionPeer): peer is LegacyPeer {
    return peer instanceof LegacyPeer;
  }

  notify(message: JsonObject): void {
    for (const peer of this.#peers.values())
      void peer.then((open) => open.notify(message)).catch(() => undefined);
  }

  /** Servers that are connected later get it then. */
  setLevel(level: string): void {
    for (const opening of this.#peers.values()) {
      void opening
        .then((peer) => (peer instanceof LegacyPeer ? peer.setLevel(level) : undefined))
        .catch(() => undefined);
    }
  }

  async close(forGood: boolean): Promise<void> {
    const open = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all(
      open.map((opening) => opening.then((peer) => peer.close(forGood)).catch(() => undefined)),
    );
  }

  /** A client of the legacy era gets on best with a server of its own; only where there is none, we translate. */
  async #createPeer(
    offer: ServerInventory,
    tables: NameIndex,
    context: McpContext,
    target: PeerTarget,
  ): Promise<SessionPeer> {
    const { server, era } = offer;
    const client = () => this.#session.state.client ?? NO_CLIENT;
    const tools = context.upstream;
    const modern = () =>
      new ModernPeer({
        target,
        tools,
        client,
        toolNamed: (name) => tables.getTool({ inventory: offer, upstreamName: name }),
      });
    if (era === "modern" && context.eras.getOnlyEra(server) === "modern") return modern();
    const legacy = this.#createLegacyPeer(offer, tables, context, target);
    try {
      await legacy.connect();
      return legacy;
    } catch (error) {
      if (era === "legacy" || !isModernCode(toGatewayError(error).code)) throw error;
      context.eras.set(server, "modern");
      return modern();
    }
  }

  #createLegacyPeer(
    offer: ServerInventory,
    tables: NameIndex,
    context: McpContext,
    target: PeerTarget,
  ): LegacyPeer {
    const { state } = this.#session;
    const { server } = offer;
    const owner = { principalId: context.principal.id, serverId: server.id, method: "", own: "" };
    const outward = createResponseRewriter(owner, server.name, tables, context);
    return new LegacyPeer({
      target,
      transport: server.transport,
      tools: context.upstream,
      client: () => state.client ?? NO_CLIENT,
      resume: state.upstreams[server.id],
      watched: () => watchedUris(state.watched, offer, tables),
      general: {
        request: this.#general.request,
        notify: (message) => {
          if (/list_changed$/.test(String(message.method))) context.catalog.evict(server.id, context);
          void outward(message).then(this.#general.notify);
        },
      },
      save: (resumable) => {
        const { [server.id]: _, ...others } = state.upstreams;
        state.upstreams = resumable === undefined ? others : { ...others, [server.id]: resumable };
        this.#session.save();
      },
    });
  }
}

/** Of what the client watches, what is this server's, as the server calls it. */
function watchedUris(watched: readonly string[], { server }: ServerInventory, tables: NameIndex): string[] {
  return watched.flatMap((uri) => {
    const place = tables.find({ kind: "resource", value: uri });
    return place?.inventory.server.id === server.id ? [place.upstreamName] : [];
  });
}

/** The server responds, and not in this era. Silence and rejections prove nothing. */
function isModernCode(code: ErrorCode): boolean {
  return code === "upstream_invalid" || code === "upstream_unsupported";
}
