/** The servers that a session has dealt with, each in its era. */
import { type ErrorCode, toGatewayError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { resolveTarget } from "../../upstream/resolve-target.ts";
import type { ChannelTarget } from "../../upstream/transports/channel.ts";
import type { Offer } from "../aggregate/offers.ts";
import { outwardFrom } from "../aggregate/outward.ts";
import type { Tables } from "../aggregate/tables.ts";
import type { McpContext } from "../context.ts";
import { LegacyPeer } from "./legacy-peer.ts";
import { ModernPeer } from "./modern-peer.ts";
import type { ClientFacts, Exchange, Peer } from "./peer.ts";
import type { Session } from "./session.ts";

type General = Pick<Exchange, "notify" | "ask">;

const NOBODY: ClientFacts = { revision: "", capabilities: {}, clientInfo: {}, logLevel: undefined };

export class Peers {
  readonly #session: Session;
  readonly #general: General;
  readonly #peers = new Map<string, Promise<Peer>>();

  constructor(session: Session, general: General) {
    this.#session = session;
    this.#general = general;
  }

  async to(offer: Offer, tables: Tables, context: McpContext): Promise<Peer> {
    const { id } = offer.server;
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      peer = this.#open(offer, tables, context);
      this.#peers.set(id, peer);
      // What failed is tried again by whoever comes next.
      peer.catch(() => this.#peers.delete(id));
    }
    return peer;
  }

  isLegacy(peer: Peer): peer is LegacyPeer {
    return peer instanceof LegacyPeer;
  }

  notify(message: JsonObject): void {
    for (const peer of this.#peers.values())
      void peer.then((open) => open.notify(message)).catch(() => undefined);
  }

  /** Those that are met later learn it when they are. */
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
  async #open(offer: Offer, tables: Tables, context: McpContext): Promise<Peer> {
    const { server, era } = offer;
    const client = () => this.#session.state.client ?? NOBODY;
    const target = await resolveTarget(server, context.keyring);
    const tools = context.upstream;
    const modern = () =>
      new ModernPeer({
        target,
        tools,
        client,
        toolNamed: (name) => tables.toolAt({ offer, own: name }),
      });
    if (era === "modern" && context.eras.onlyEraOf(server) === "modern") return modern();
    const legacy = this.#legacy(offer, tables, context, target);
    try {
      await legacy.connect();
      return legacy;
    } catch (error) {
      if (era === "legacy" || !saysModern(toGatewayError(error).code)) throw error;
      context.eras.learn(server, "modern");
      return modern();
    }
  }

  #legacy(offer: Offer, tables: Tables, context: McpContext, target: ChannelTarget): LegacyPeer {
    const { state } = this.#session;
    const { server } = offer;
    const owner = { principalId: context.principal.id, serverId: server.id, method: "", own: "" };
    const outward = outwardFrom(owner, server.name, tables, context);
    return new LegacyPeer({
      target,
      transport: server.transport,
      tools: context.upstream,
      client: () => state.client ?? NOBODY,
      resume: state.upstreams[server.id],
      watched: () => ownUris(state.watched, offer, tables),
      general: {
        ask: this.#general.ask,
        notify: (message) => {
          if (/list_changed$/.test(String(message.method))) context.catalogue.forget(server.id, context);
          void outward(message).then(this.#general.notify);
        },
      },
      keep: (resumable) => {
        const { [server.id]: _, ...others } = state.upstreams;
        state.upstreams = resumable === undefined ? others : { ...others, [server.id]: resumable };
        this.#session.save();
      },
    });
  }
}

/** Of what the client watches, what is this server's, as the server calls it. */
function ownUris(watched: readonly string[], { server }: Offer, tables: Tables): string[] {
  return watched.flatMap((uri) => {
    const place = tables.place({ kind: "resource", value: uri });
    return place?.offer.server.id === server.id ? [place.own] : [];
  });
}

/** The server is there, and not of this era. Silence and refusals say nothing. */
function saysModern(code: ErrorCode): boolean {
  return code === "upstream_invalid" || code === "upstream_unsupported";
}
