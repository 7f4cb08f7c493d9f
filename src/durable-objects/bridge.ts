/** A principal's sessions with one legacy server, for clients of the modern era, who have none. */
import { DurableObject } from "cloudflare:workers";
import type { Call, LegacyServer } from "../gateway/bridge/legacy-server.ts";
import { messageStream } from "../gateway/message-stream.ts";
import { getServices } from "../services.ts";

/** Often enough to keep the object in memory while a server waits for an answer. */
const SWEEP_INTERVAL_MS = 20_000;

export class BridgeObject extends DurableObject<Env> {
  readonly #server: LegacyServer;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#server = getServices(env).services.gateway.createLegacyServer();
  }

  async serve(call: Call): Promise<Response> {
    await this.ctx.storage.setAlarm(Date.now() + SWEEP_INTERVAL_MS);
    const background = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    const { keepAliveMs } = call.server;
    return messageStream({ background, keepAliveMs }, (writer) => this.#server.serve(call, writer));
  }

  async cancel(callId: string): Promise<void> {
    this.#server.cancel(callId);
  }

  override async alarm(): Promise<void> {
    await this.#server.sweep();
    if (!this.#server.isIdle) await this.ctx.storage.setAlarm(Date.now() + SWEEP_INTERVAL_MS);
  }
}
