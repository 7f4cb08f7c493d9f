/**
 * One health check: sends a server, in its own era, the least that shows whether it works. A modern server gets a request for what
 * it is, a legacy one gets a short session and a ping; where its owner names a tool, that is called.
 */

import type { HealthSettings } from "../core/discovery/check-schedule.ts";
import type { CheckOutcome } from "../core/discovery/health.ts";
import type { Transport } from "../core/enums.ts";
import { UpstreamError } from "../core/errors.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../core/mcp/lossless-json.ts";
import { isModernRevision, LATEST_LEGACY, LATEST_MODERN } from "../core/mcp/revisions.ts";
import { CLIENT_INFO } from "../product.ts";
import { type ChannelDeps, type ChannelTarget, createGatewayId } from "../upstream/connection/channel.ts";
import { invalidResponse, responseTimeout } from "../upstream/connection/errors.ts";
import { detectEra } from "../upstream/protocol/era-detection.ts";
import { connectLegacy } from "../upstream/protocol/legacy-session.ts";
import { sendModernRequest } from "../upstream/protocol/modern-request.ts";

export interface ProbedServer {
  readonly name: string;
  readonly transport: Transport;
  readonly protocolVersion: string | null;
}

export interface ProbeResult {
  readonly outcome: CheckOutcome;
  /** The last request. */
  readonly probe: string;
  /** Of that question; null where there was no answer. */
  readonly ms: number | null;
  readonly protocolVersion: string | null;
  readonly error: UpstreamError | undefined;
}

interface ProbeContext {
  readonly server: ProbedServer;
  readonly target: ChannelTarget;
  readonly tools: ChannelDeps;
  readonly settings: HealthSettings;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

interface ProbeResponse {
  readonly probe: string;
  readonly ms: number;
  readonly protocolVersion: string;
}

/** Never throws for what the server did. */
export async function probe(options: Omit<ProbeContext, "signal">): Promise<ProbeResult> {
  const { server, settings } = options;
  const signal = AbortSignal.timeout(settings.timeoutMs);
  const target = {
    ...options.target,
    firstByteTimeoutMs: settings.timeoutMs,
    idleTimeoutMs: settings.timeoutMs,
  };
  try {
    const response = await sendProbe({ ...options, target, signal });
    const outcome = response.ms > settings.slowMs ? "slow" : "ok";
    return { ...response, outcome, error: undefined };
  } catch (thrown) {
    if (!(thrown instanceof UpstreamError)) throw thrown;
    const error = signal.aborted ? responseTimeout(server.name, settings.timeoutMs) : thrown;
    const asked = settings.tool === undefined ? defaultProbe(server) : "tools/call";
    return { outcome: "failed", probe: asked, ms: null, protocolVersion: server.protocolVersion, error };
  }
}

const defaultProbe = (server: ProbedServer) => (isLegacy(server) ? "ping" : "server/discover");

const isLegacy = ({ transport, protocolVersion }: ProbedServer) =>
  transport !== "http" || (protocolVersion !== null && !isModernRevision(protocolVersion));

async function sendProbe(probing: ProbeContext): Promise<ProbeResponse> {
  if (!isLegacy(probing.server)) return probeModern(probing);
  try {
    return await probeLegacy(probing);
  } catch (error) {
    // Servers are upgraded, and some then support the new era only.
    const mayBeNew = error instanceof UpstreamError && error.code === "upstream_invalid";
    if (!mayBeNew || probing.server.transport !== "http") throw error;
    const answered = await probeModern(probing, false);
    if (answered === undefined) throw error;
    return answered;
  }
}

async function probeModern(probing: ProbeContext): Promise<ProbeResponse>;
async function probeModern(probing: ProbeContext, orLegacy: false): Promise<ProbeResponse | undefined>;
async function probeModern(probing: ProbeContext, orLegacy = true): Promise<ProbeResponse | undefined> {
  const { server, target, tools, settings, now, signal } = probing;
  const known = { target, tools, clientInfo: CLIENT_INFO, signal };
  const protocolVersion = LATEST_MODERN;
  let started = now();
  const found = await detectEra({ ...known, transport: server.transport });
  if (found.era === "legacy") return orLegacy ? probeLegacy(probing) : undefined;
  if (settings.tool === undefined) return { probe: "server/discover", ms: now() - started, protocolVersion };
  started = now();
  const { message } = await sendModernRequest({
    ...known,
    id: createGatewayId("health"),
    method: "tools/call",
    params: settings.tool,
    capabilities: {},
  });
  refuseFailure(message, server.name);
  return { probe: "tools/call", ms: now() - started, protocolVersion };
}

async function probeLegacy({
  server,
  target,
  tools: deps,
  settings,
  now,
  signal,
}: ProbeContext): Promise<ProbeResponse> {
  const { channel, initialized } = await connectLegacy({
    target,
    transport: server.transport,
    deps,
    client: { revision: LATEST_LEGACY, capabilities: {}, clientInfo: CLIENT_INFO },
    // The check declares no capability that a server could use.
    events: { message: () => undefined, closed: () => undefined },
    signal,
  });
  try {
    const { tool } = settings;
    const method = tool === undefined ? "ping" : "tools/call";
    const started = now();
    const params: JsonObject = tool === undefined ? {} : { ...tool };
    const message = await channel.request(
      { jsonrpc: "2.0", id: createGatewayId("health"), method, params },
      { signal },
    );
    refuseFailure(message, server.name);
    return { probe: method, ms: now() - started, protocolVersion: initialized.protocolVersion };
  } finally {
    await channel.close();
  }
}

/** A response that contains an error is a failure. */
function refuseFailure(message: JsonObject, server: string): void {
  const result = getMember(message, "result");
  if (!isMembers(result)) throw invalidResponse(server, "returned an error to the health check");
  if (getMember(result, "isError") === true)
    throw invalidResponse(server, "returned a tool error to the health check");
}
