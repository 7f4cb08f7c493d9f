/** A server of the legacy era as one of the modern era, for one principal: stateless outside, sessions within. */
import { toGatewayError } from "../../core/errors.ts";
import type { Keyring } from "../../core/keyring.ts";
import { getMeta } from "../../core/mcp/inbound.ts";
import { INVALID_PARAMS, isObject, type JsonObject, type JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { errorBody, gatewayErrorBody } from "../../core/mcp/responses.ts";
import { META, TASKS_EXTENSION } from "../../core/mcp/revisions.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { CLIENT_INFO } from "../../upstream/client-info.ts";
import { resolveTarget } from "../../upstream/resolve-target.ts";
import type { ChannelDeps } from "../../upstream/transports/channel.ts";
import type { MessageWriter } from "../message-stream.ts";
import { AGAIN, HeldCall, type Outcome } from "./held-call.ts";
import { type Lease, Leases, type LeaseWish } from "./lease.ts";
import { listenLegacy } from "./listen-legacy.ts";

export interface Call {
  /** By which it can be cancelled. */
  readonly callId: string;
  readonly server: SnapshotServer;
  /** Text, of the modern era, with the server's own names. */
  readonly message: string;
  /** Trace context and the like. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface LegacyServerTools {
  readonly tools: ChannelDeps;
  readonly keyring: Keyring;
  readonly now: () => number;
}

/** Long enough for a person to answer a question; the server waits meanwhile. */
const HOLD_MS = 900_000;

interface Held {
  readonly call: HeldCall;
  readonly wish: LeaseWish;
  until: number;
}

export class LegacyServer {
  readonly #tools: LegacyServerTools;
  readonly #leases: Leases;
  readonly #held = new Map<string, Held>();
  readonly #running = new Map<string, () => void>();

  constructor(tools: LegacyServerTools) {
    this.#tools = tools;
    this.#leases = new Leases(tools.tools, tools.now);
  }

  /** Nothing is kept here that anybody could miss. */
  get isIdle(): boolean {
    return this.#held.size === 0 && this.#running.size === 0 && this.#leases.isEmpty;
  }

  async serve(call: Call, writer: MessageWriter): Promise<void> {
    const { promise: gone, reject } = Promise.withResolvers<never>();
    this.#running.set(call.callId, () => reject(new Error("Client disconnected.")));
    const interruptible: MessageWriter = {
      write: (message) => writer.write(message),
      idle: (ms) => Promise.race([writer.idle(ms), gone]),
    };
    gone.catch(() => undefined);
    try {
      await this.#answer(call, interruptible);
    } finally {
      this.#running.delete(call.callId);
    }
  }

  cancel(callId: string): void {
    this.#running.get(callId)?.();
  }

  /** From time to time: ends what nobody came back for. */
  async sweep(): Promise<void> {
    const late = [...this.#held.values()].filter(({ until }) => until <= this.#tools.now());
    await Promise.all(late.map((held) => this.#giveUp(held)));
    await this.#leases.sweep();
  }

  async #answer(
    { server, message: text, headers }: Omit<Call, "callId">,
    writer: MessageWriter,
  ): Promise<void> {
    const parsed = parseLossless(text);
    const message = isMembers(parsed) ? parsed : {};
    const id = idOf(message);
    try {
      const wish = await this.#wishFor(server, message);
      if (getMember(message, "method") === "subscriptions/listen") {
        await listenLegacy(message, wish, this.#leases, writer);
      } else {
        const held = await this.#callFor(message, wish, new Map(headers));
        const token = getMeta(paramsOf(message))?.progressToken;
        const outcome = await this.#attend(held, { id, token }, writer);
        // Each of the kept sessions may be one that the server has forgotten; a new one is not.
        if (outcome === "forgotten") await this.#answer({ server, message: text, headers }, writer);
      }
    } catch (error) {
      if (error instanceof StateError) return writer.write(wrong(id, error.message));
      // To a caller who is gone this cannot be written either.
      const known = toGatewayError(error);
      const body = parseLossless(gatewayErrorBody(id, known));
      if (isMembers(body)) await writer.write(body);
    }
  }

  /** The one that the client comes back to, or a new one. */
  async #callFor(message: JsonObject, wish: LeaseWish, headers: HeaderMap): Promise<Held> {
    const params = getMember(message, "params");
    const state = isMembers(params) ? getMember(params, "requestState") : undefined;
    if (state === undefined || state === AGAIN) return this.#begin(message, wish, headers);
    const held = typeof state === "string" ? this.#held.get(state) : undefined;
    if (held === undefined) throw new StateError("The call has ended. Start a new call.");
    if (held.call.isAttended) throw new StateError("This request is already being answered.");
    const responses = isMembers(params) ? getMember(params, "inputResponses") : undefined;
    await held.call.answer(isMembers(responses) ? responses : {});
    return held;
  }

  async #begin(message: JsonObject, wish: LeaseWish, headers: HeaderMap): Promise<Held> {
    const lease = await this.#leases.take(wish);
    const level = getMeta(paramsOf(message))?.[META.logLevel];
    await setLevel(lease, level);
    const call = new HeldCall(lease, message, headers, typeof level === "string");
    const held = { call, wish, until: 0 };
    this.#held.set(call.state, held);
    return held;
  }

  async #attend(
    held: Held,
    { id, token }: { readonly id: JsonRpcId | null; readonly token: unknown },
    writer: MessageWriter,
  ): Promise<Outcome> {
    const { call, wish } = held;
    held.until = Number.POSITIVE_INFINITY;
    try {
      const outcome = await call.attend(id, token, writer);
      if (outcome === "waiting") {
        held.until = this.#tools.now() + HOLD_MS;
        return outcome;
      }
      this.#held.delete(call.state);
      if (outcome === "finished") this.#leases.giveBack(call.lease, wish);
      else await this.#leases.drop(call.lease);
      return outcome;
    } catch (error) {
      await this.#giveUp(held);
      throw error;
    }
  }

  async #giveUp({ call }: Held): Promise<void> {
    this.#held.delete(call.state);
    await call.cancel().catch(() => undefined);
    // What the server still has to say about it must not reach another call.
    await this.#leases.drop(call.lease);
  }

  async #wishFor(server: SnapshotServer, message: JsonObject): Promise<LeaseWish> {
    const meta = getMeta(paramsOf(message));
    const clientInfo = meta?.[META.clientInfo];
    return {
      target: await resolveTarget(server, this.#tools.keyring),
      transport: server.transport,
      capabilities: legacyCapabilitiesOf(meta?.[META.clientCapabilities]),
      clientInfo: isMembers(clientInfo) ? clientInfo : CLIENT_INFO,
    };
  }
}

class StateError extends Error {}

function wrong(id: JsonRpcId | null, text: string): JsonObject {
  const body = parseLossless(errorBody(id, INVALID_PARAMS, text));
  return isMembers(body) ? body : {};
}

/** Servers start with a level of their own, so only those who asked for another hear of it. */
async function setLevel(lease: Lease, level: unknown): Promise<void> {
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

function idOf(message: JsonObject): JsonRpcId | null {
  const id = getMember(message, "id");
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function paramsOf(message: JsonObject): JsonObject | undefined {
  const params = getMember(message, "params");
  return isObject(params) ? params : undefined;
}
