/** A legacy client's session: its state outlives the object's memory, and ends some time after the client's last word. */
import { DurableObject } from "cloudflare:workers";
import { SessionHost } from "../gateway/client-session/session-host.ts";
import { RECORDED_HEADER } from "../gateway/client-session/session-proxy.ts";
import { createState, formatState, parseState } from "../gateway/client-session/state.ts";
import type { McpContext } from "../gateway/context/context.ts";
import type { SessionCall, SessionPost, SessionStub } from "../gateway/context/ports.ts";
import { RequestRecorder } from "../gateway/context/request-recorder.ts";
import { parseSubjects } from "../gateway/request/mcp-post.ts";
import { getGatewayServices } from "../gateway-services.ts";
import type { LogEvent } from "../logs/events.ts";

const STATE = "state";
const SINGLE_STREAM = "single-stream";
const IDLE_TIMEOUT_MS = 3_600_000;

const notFound = () => new Response(null, { status: 404 });

export class SessionObject extends DurableObject<Env> implements SessionStub {
  #held: SessionHost | undefined;
  #alarmAt = 0;

  async post(visit: SessionPost): Promise<Response> {
    const known = this.#load();
    if (known === undefined && !visit.isInitialize) return notFound();
    const { context, record } = await this.#enter(visit);
    const held = known ?? this.#create(visit, false);
    const headers = new Map(visit.headers);
    record.declare(parseSubjects(visit.text));
    const response = await held.post(visit.text, headers, visit.acceptsStream, context);
    // A client whose initialize failed has no session.
    if (known === undefined && held.session.state.client === undefined) await this.end();
    record.complete(response.status);
    for (const [name, value] of Object.entries(context.answerHeaders)) response.headers.set(name, value);
    response.headers.set(RECORDED_HEADER, "1");
    return response;
  }

  async get(visit: SessionCall, lastEventId: string | undefined): Promise<Response> {
    const held = this.#load();
    if (held === undefined) return notFound();
    const { context } = await this.#enter(visit);
    return held.get(lastEventId, context);
  }

  async openStream(visit: SessionCall, endpoint: string): Promise<Response> {
    const { context } = await this.#enter(visit);
    return this.#create(visit, true).openStream(endpoint, context);
  }

  async end(): Promise<boolean> {
    const held = this.#load();
    if (held === undefined) return false;
    this.#held = undefined;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    await held.session.close(true);
    return true;
  }

  override async alarm(): Promise<void> {
    if (this.#held?.session.isBusy === true) await this.#stay();
    else await this.end();
  }

  #load(): SessionHost | undefined {
    if (this.#held !== undefined) return this.#held;
    const text = this.ctx.storage.kv.get<string>(STATE);
    const state = text === undefined ? undefined : parseState(text);
    if (state === undefined) return undefined;
    this.#held = new SessionHost(state, this.#keeper, this.ctx.storage.kv.get(SINGLE_STREAM) === true);
    return this.#held;
  }

  #create(visit: SessionCall, isSingleStream: boolean): SessionHost {
    const state = createState(visit);
    this.#held = new SessionHost(state, this.#keeper, isSingleStream);
    this.#keeper.save(state);
    this.ctx.storage.kv.put(SINGLE_STREAM, isSingleStream);
    return this.#held;
  }

  readonly #keeper = {
    save: (state: Parameters<typeof formatState>[0]) => this.ctx.storage.kv.put(STATE, formatState(state)),
  };

  async #enter(visit: SessionCall): Promise<{ context: McpContext; record: RequestRecorder }> {
    await this.#stay();
    const { requestId, principal, request, startedAt, serverName, toolset, isSearched } = visit;
    const background = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    const { gateway } = getGatewayServices(this.env);
    const emit = (events: readonly LogEvent[]) => gateway.emitter.emit(events, background);
    const record = new RequestRecorder(() => request, requestId, emit, startedAt);
    record.setPrincipal(principal);
    const identify = async () => principal;
    const { ipAddress: address, country, continent } = request;
    const location = { country, continent };
    const target = { serverName, toolset, isSearched };
    const input = { record, requestId, target, address, location, waitUntil: background, identify };
    const context = await gateway.requests.start(principal, { ...input, answerHeaders: {} });
    return { context, record };
  }

  /** Moving the alarm with every message would cost a write each. */
  async #stay(): Promise<void> {
    const now = Date.now();
    if (this.#alarmAt - now > IDLE_TIMEOUT_MS / 2) return;
    this.#alarmAt = now + IDLE_TIMEOUT_MS;
    await this.ctx.storage.setAlarm(this.#alarmAt);
  }
}
