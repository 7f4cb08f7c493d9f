/** A server of the legacy era as one of the modern era, for one principal: stateless outside, sessions within. */
import type { Keyring } from "../../core/keyring.ts";
import { getMeta } from "../../core/mcp/inbound.ts";
import { INVALID_PARAMS, isObject, type JsonObject, type JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { errorBody } from "../../core/mcp/responses.ts";
import { META, TASKS_EXTENSION } from "../../core/mcp/revisions.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { CLIENT_INFO } from "../../product.ts";
import type { ChannelDeps } from "../../upstream/connection/channel.ts";
import type { Header } from "../../upstream/credentials.ts";
import { addHandshakeHeaders, resolveTarget } from "../../upstream/resolve-target.ts";
import type { MessageWriter } from "../sse/writer.ts";
import { toBridgeError } from "./bridge-error.ts";
import { listenLegacy } from "./listen-legacy.ts";
import { PendingCall, type PendingCallOutcome, RESUME } from "./pending-call.ts";
import { type PooledSession, renewCredential, type SessionKey, SessionPool } from "./session-pool.ts";

export interface BridgeCall {
  /** Identifies the call for cancellation. */
  readonly callId: string;
  readonly server: SnapshotServer;
  /** Of the caller's connected account. */
  readonly credential?: Header | undefined;
  /** Text, of the modern era, with the server's own names. */
  readonly message: string;
  /** Trace context and the like. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface LegacyServerDeps {
  readonly tools: ChannelDeps;
  readonly keyring: Keyring;
  readonly now: () => number;
}

/** Long enough for a user to answer an elicitation. */
const PENDING_TTL_MS = 900_000;

interface PendingEntry {
  readonly call: PendingCall;
  readonly key: SessionKey;
  until: number;
}

export class LegacyServer {
  readonly #tools: LegacyServerDeps;
  readonly #pool: SessionPool;
  readonly #pending = new Map<string, PendingEntry>();
  readonly #running = new Map<string, () => void>();

  constructor(tools: LegacyServerDeps) {
    this.#tools = tools;
    this.#pool = new SessionPool(tools.tools, tools.now);
  }

  /** True if the object has no state that a client depends on. */
  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#running.size === 0 && this.#pool.isEmpty;
  }

  async serve(call: BridgeCall, writer: MessageWriter): Promise<void> {
    const { promise: gone, reject } = Promise.withResolvers<never>();
    this.#running.set(call.callId, () => reject(new Error("Client disconnected.")));
    const interruptible: MessageWriter = {
      write: (message) => writer.write(message),
      idle: (ms) => Promise.race([writer.idle(ms), gone]),
    };
    gone.catch(() => undefined);
    try {
      await this.#respond(call, interruptible);
    } finally {
      this.#running.delete(call.callId);
    }
  }

  cancel(callId: string): void {
    this.#running.get(callId)?.();
  }

  /** Ends abandoned calls and idle sessions; called periodically. */
  async sweep(): Promise<void> {
    const late = [...this.#pending.values()].filter(({ until }) => until <= this.#tools.now());
    await Promise.all(late.map((entry) => this.#abandon(entry)));
    await this.#pool.sweep();
  }

  async #respond(
    { server, credential, message: text, headers }: Omit<BridgeCall, "callId">,
    writer: MessageWriter,
  ): Promise<void> {
    const parsed = parseLossless(text);
    const message = isMembers(parsed) ? parsed : {};
    const id = getId(message);
    try {
      const key = await this.#sessionKey({ server, credential, headers }, message);
      if (getMember(message, "method") === "subscriptions/listen") {
        await listenLegacy(message, key, this.#pool, writer);
      } else {
        const entry = await this.#getCall(message, key, new Map(headers));
        const token = getMeta(getParams(message))?.progressToken;
        const outcome = await this.#attend(entry, { id, token }, writer);
        // A pooled session may have expired on the server; a new one has not.
        if (outcome === "session-lost")
          await this.#respond({ server, credential, message: text, headers }, writer);
      }
    } catch (error) {
      if (error instanceof StateError) return writer.write(stateErrorResponse(id, error.message));
      // To a caller who is gone this cannot be written either.
      await writer.write(toBridgeError(id, error));
    }
  }

  /** The one that the client comes back to, or a new one. */
  async #getCall(message: JsonObject, key: SessionKey, headers: HeaderMap): Promise<PendingEntry> {
    const params = getMember(message, "params");
    const state = isMembers(params) ? getMember(params, "requestState") : undefined;
    if (state === undefined || state === RESUME) return this.#start(message, key, headers);
    const entry = typeof state === "string" ? this.#pending.get(state) : undefined;
    if (entry === undefined) throw new StateError("The call has ended. Start a new call.");
    if (entry.call.isAttended) throw new StateError("This request is already being answered.");
    renewCredential(entry.call.session, key);
    const responses = isMembers(params) ? getMember(params, "inputResponses") : undefined;
    await entry.call.addResponses(isMembers(responses) ? responses : {});
    return entry;
  }

  async #start(message: JsonObject, key: SessionKey, headers: HeaderMap): Promise<PendingEntry> {
    const lease = await this.#pool.acquire(key);
    const level = getMeta(getParams(message))?.[META.logLevel];
    await setLevel(lease, level);
    const call = new PendingCall(lease, message, headers, typeof level === "string");
    const entry = { call, key, until: 0 };
    this.#pending.set(call.state, entry);
    return entry;
  }

  async #attend(
    entry: PendingEntry,
    { id, token }: { readonly id: JsonRpcId | null; readonly token: unknown },
    writer: MessageWriter,
  ): Promise<PendingCallOutcome> {
    const { call, key } = entry;
    entry.until = Number.POSITIVE_INFINITY;
    try {
      const outcome = await call.attend(id, token, writer);
      if (outcome === "waiting") {
        entry.until = this.#tools.now() + PENDING_TTL_MS;
        return outcome;
      }
      this.#pending.delete(call.state);
      if (outcome === "finished") this.#pool.release(call.session, key);
      else await this.#pool.discard(call.session);
      return outcome;
    } catch (error) {
      await this.#abandon(entry);
      throw error;
    }
  }

  async #abandon({ call }: PendingEntry): Promise<void> {
    this.#pending.delete(call.state);
    await call.cancel().catch(() => undefined);
    // Later messages of the server about it must not reach another call.
    await this.#pool.discard(call.session);
  }

  async #sessionKey(
    { server, credential, headers }: Pick<BridgeCall, "server" | "credential" | "headers">,
    message: JsonObject,
  ): Promise<SessionKey> {
    const target = await resolveTarget(server, this.#tools.keyring, credential);
    const meta = getMeta(getParams(message));
    const clientInfo = meta?.[META.clientInfo];
    return {
      target: addHandshakeHeaders(target, server, headers),
      transport: server.transport,
      isSignedPerCall: server.auth.type === "identity_jwt",
      capabilities: legacyCapabilitiesOf(meta?.[META.clientCapabilities]),
      clientInfo: isMembers(clientInfo) ? clientInfo : CLIENT_INFO,
    };
  }
}

class StateError extends Error {}

function stateErrorResponse(id: JsonRpcId | null, text: string): JsonObject {
  const body = parseLossless(errorBody(id, INVALID_PARAMS, text));
  return isMembers(body) ? body : {};
}

/** Servers have a default log level, so the level is set only if the client requested one. */
async function setLevel(lease: PooledSession, level: unknown): Promise<void> {
  if (typeof level !== "string" || level === lease.level) return;
  if (!("logging" in lease.initialized.capabilities)) return;
  const request = { jsonrpc: "2.0", id: crypto.randomUUID(), method: "logging/setLevel", params: { level } };
  await lease.channel.request(request);
  lease.level = level;
}

function legacyCapabilitiesOf(capabilities: unknown): JsonObject {
  if (!isMembers(capabilities)) return {};
  const extensions = getMember(capabilities, "extensions");
  if (!isMembers(extensions)) return capabilities;
  const { [TASKS_EXTENSION]: _, ...others } = extensions;
  return { ...capabilities, extensions: others };
}

function getId(message: JsonObject): JsonRpcId | null {
  const id = getMember(message, "id");
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function getParams(message: JsonObject): JsonObject | undefined {
  const params = getMember(message, "params");
  return isObject(params) ? params : undefined;
}
