/** A server of the legacy era: a session of its own for this client, in which either side may send requests. */
import type { Transport } from "../../core/enums.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import {
  type ChannelDeps,
  type ChannelTarget,
  createGatewayId,
  SessionLostError,
  type UpstreamChannel,
} from "../../upstream/connection/channel.ts";
import { connectLegacy } from "../../upstream/protocol/legacy-session.ts";
import { resumeChannel } from "../../upstream/transports/open-channel.ts";
import type { ClientFacts, PeerExchange, SessionPeer } from "./peer.ts";

/** What another life of the session's object needs to go on with a server. */
export interface Resumable {
  readonly sessionId: string;
  readonly revision: string;
  readonly capabilities: JsonObject;
}

export interface LegacyPeerOptions {
  readonly target: ChannelTarget;
  readonly transport: Transport;
  readonly tools: ChannelDeps;
  readonly client: () => ClientFacts;
  readonly resume: Resumable | undefined;
  /** The server's own URIs that the client watches. */
  readonly watched: () => readonly string[];
  /** A notification or a request that is related to no request of the client. */
  readonly general: Pick<PeerExchange, "notify" | "request">;
  readonly save: (resumable: Resumable | undefined) => void;
}

interface Open {
  readonly channel: UpstreamChannel;
  readonly capabilities: JsonObject;
}

export class LegacyPeer implements SessionPeer {
  readonly #options: LegacyPeerOptions;
  readonly #exchanges = new Map<JsonRpcId, PeerExchange>();
  /** Questions of the server's that the client has not answered, by the server's ids. */
  readonly #requests = new Map<JsonRpcId, AbortController>();
  #open: Promise<Open> | undefined;
  #resume: Resumable | undefined;

  constructor(options: LegacyPeerOptions) {
    this.#options = options;
    this.#resume = options.resume;
  }

  /** Throws where the server is none of this era. */
  async connect(): Promise<void> {
    await this.#getConnection();
  }

  async request(message: JsonObject, exchange: PeerExchange): Promise<JsonObject> {
    try {
      return await this.#request(message, exchange);
    } catch (error) {
      if (!(error instanceof SessionLostError)) throw error;
      // A server that has lost the session has not executed the request.
      return this.#request(message, exchange);
    }
  }

  notify(message: JsonObject): void {
    void this.#open?.then(({ channel }) => channel.send(message)).catch(() => undefined);
  }

  async setLevel(level: string): Promise<void> {
    if (this.#open !== undefined) await setLevel(await this.#open, level);
  }

  async close(forGood: boolean): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    await (forGood ? open?.channel.close() : open?.channel.abandon());
  }

  async #request(message: JsonObject, exchange: PeerExchange): Promise<JsonObject> {
    const { channel } = await this.#getConnection();
    const id = createGatewayId("call");
    const { signal, headers } = exchange;
    const cancel = () => {
      const params = { requestId: id, reason: "Canceled by the client." };
      const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params };
      void channel.send(cancelled).catch(() => undefined);
    };
    this.#exchanges.set(id, exchange);
    signal.addEventListener("abort", cancel);
    try {
      const response = await channel.request({ ...message, id }, { signal, headers });
      return { ...response, id: exchange.id };
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#exchanges.delete(id);
    }
  }

  #getConnection(): Promise<Open> {
    this.#open ??= this.#connect().catch((error: unknown) => {
      this.#open = undefined;
      throw error;
    });
    return this.#open;
  }

  async #connect(): Promise<Open> {
    const { target, transport, tools: deps, client, save } = this.#options;
    const { promise, resolve } = Promise.withResolvers<UpstreamChannel>();
    const events = {
      message: (message: JsonObject, relatedTo: JsonRpcId | undefined) =>
        void promise.then((channel) => this.#receive(message, relatedTo, channel)).catch(() => undefined),
      closed: () => {
        this.#open = undefined;
      },
    };
    const open = await this.#tryResume(events);
    if (open !== undefined) {
      resolve(open.channel);
      return open;
    }
    const { channel, initialized } = await connectLegacy({
      target,
      transport,
      deps,
      client: client(),
      events,
    });
    resolve(channel);
    const { capabilities, protocolVersion: revision } = initialized;
    const { sessionId } = channel;
    save(sessionId === undefined ? undefined : { sessionId, revision, capabilities });
    await this.#prepare(channel, capabilities);
    return { channel, capabilities };
  }

  async #tryResume(events: Parameters<typeof resumeChannel>[0]["events"]): Promise<Open | undefined> {
    const { target, tools: deps, save } = this.#options;
    const resume = this.#resume;
    // Once: a session that is lost afterwards is lost.
    this.#resume = undefined;
    if (resume === undefined) return undefined;
    const channel = resumeChannel({ target, deps, events, resume });
    try {
      const signal = AbortSignal.timeout(target.firstByteTimeoutMs + target.idleTimeoutMs);
      await channel.request({ jsonrpc: "2.0", id: createGatewayId("ping"), method: "ping" }, { signal });
      void channel.listen().catch(() => undefined);
      return { channel, capabilities: resume.capabilities };
    } catch {
      await channel.abandon();
      save(undefined);
      return undefined;
    }
  }

  /** Restores the state of a lost session in the session that replaces it. */
  async #prepare(channel: UpstreamChannel, capabilities: JsonObject): Promise<void> {
    // Servers also send requests on their general stream, so it is read whether the client reads ours or not.
    void channel.listen().catch(() => undefined);
    const { logLevel } = this.#options.client();
    if (logLevel !== undefined) await setLevel({ channel, capabilities }, logLevel);
    for (const uri of this.#options.watched()) {
      const params = { uri };
      await channel.request({
        jsonrpc: "2.0",
        id: createGatewayId("watch"),
        method: "resources/subscribe",
        params,
      });
    }
  }

  async #receive(
    message: JsonObject,
    relatedTo: JsonRpcId | undefined,
    channel: UpstreamChannel,
  ): Promise<void> {
    const { id, method, params } = message;
    if (typeof method !== "string") return;
    const exchange = this.#findExchange(message, relatedTo);
    if (typeof id === "string" || typeof id === "number") {
      if (method === "ping") return channel.send({ jsonrpc: "2.0", id, result: {} });
      const answer = await this.#forwardRequest(id, message, exchange);
      if (answer !== undefined) await channel.send({ ...answer, id });
    } else if (method === "notifications/cancelled") {
      const requestId = isMembers(params) ? getMember(params, "requestId") : undefined;
      if (typeof requestId === "string" || typeof requestId === "number")
        this.#requests.get(requestId)?.abort();
    } else {
      exchange.notify(message);
    }
  }

  /** Undefined where the server has taken its question back. */
  async #forwardRequest(
    id: JsonRpcId,
    message: JsonObject,
    exchange: Pick<PeerExchange, "request">,
  ): Promise<JsonObject | undefined> {
    const withdrawn = new AbortController();
    this.#requests.set(id, withdrawn);
    try {
      return await exchange.request(message, withdrawn.signal);
    } catch {
      return undefined;
    } finally {
      this.#requests.delete(id);
    }
  }

  #findExchange(
    message: JsonObject,
    relatedTo: JsonRpcId | undefined,
  ): Pick<PeerExchange, "notify" | "request"> {
    const related = relatedTo === undefined ? undefined : this.#exchanges.get(relatedTo);
    if (related !== undefined) return related;
    // Lists that change and resources that are updated concern the client, whatever else is going on.
    const isGeneral = /^notifications\/(?:.*list_changed|resources\/updated)$/.test(String(message.method));
    const [only, another] = this.#exchanges.values();
    return isGeneral || only === undefined || another !== undefined ? this.#options.general : only;
  }
}

async function setLevel({ channel, capabilities }: Open, level: string): Promise<void> {
  if (!("logging" in capabilities)) return;
  const params = { level };
  await channel.request({ jsonrpc: "2.0", id: createGatewayId("level"), method: "logging/setLevel", params });
}
