/** A principal's sessions with one legacy server, for clients of the modern era, who have none. */
import { DurableObject } from "cloudflare:workers";
import type { BridgeCall, LegacyServer } from "../gateway/server-bridge/legacy-server.ts";
import { createMessageStream } from "../gateway/sse/writer.ts";
import { getGatewayServices } from "../gateway-services.ts";

/** Often enough to keep the object in memory while a server waits for an answer. */
const SWEEP_INTERVAL_MS = 20_000;

export class BridgeObject extends DurableObject<Env> {
  readonly #server: LegacyServer;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#server = getGatewayServices(env).gateway.createLegacyServer();
  }

  async serve(call: BridgeCall): Promise<Response> {
    await this.ctx.storage.setAlarm(Date.now() + SWEEP_INTERVAL_MS);
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    const { keepAliveMs } = call.server;
    return createMessageStream({ waitUntil, keepAliveMs }, (writer) => this.#server.serve(call, writer));
  }

  async cancel(callId: string): Promise<void> {
    this.#server.cancel(callId);
  }

  override async alarm(): Promise<void> {
    await this.#server.sweep();
    if (!this.#server.isIdle) await this.ctx.storage.setAlarm(Date.now() + SWEEP_INTERVAL_MS);
  }
}
