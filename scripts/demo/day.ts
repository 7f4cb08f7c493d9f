// A day of made-up traffic that is always the same: busy by day and quiet by night, four members with their clients, one
// server that fails for forty minutes, some errors of tools and of arguments, and a key that reaches its limit.
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/durations.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import { INVALID_PARAMS } from "../../src/core/mcp/json-rpc.ts";
import { jsonRpcCode } from "../../src/core/mcp/responses.ts";
import { EVENT_VERSION } from "../../src/logs/event-version.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { createRandom, exponential, pick, poisson, type Random } from "../sim/random.ts";

export interface DemoCaller {
  readonly userId: string;
  readonly apiKeyId: string;
  readonly role: string;
  readonly userAgent: string;
}

export interface DemoServer {
  readonly id: string;
  readonly name: string;
  readonly tools: readonly string[];
}

export interface DemoDay {
  readonly tenantId: string;
  readonly callers: readonly DemoCaller[];
  readonly servers: readonly DemoServer[];
  /** The end of the day in milliseconds. */
  readonly until: number;
}

interface Fault {
  readonly status: number;
  readonly reason: string;
  readonly rpcCode: number | undefined;
  readonly message: string;
  /** The server did not answer: it counts as an error of the system too. */
  readonly isUpstreams?: boolean;
}

const TIMEOUT: Fault = {
  ...{ status: 504, reason: "upstream_timeout", rpcCode: jsonRpcCode("upstream_timeout"), isUpstreams: true },
  message: "Server notes did not respond within 30 s.",
};
const TOOL_ERROR: Fault = { status: 200, reason: "tool_error", rpcCode: undefined, message: "Tool error." };
const WRONG_ARGUMENTS: Fault = {
  ...{ status: 200, reason: "rpc_error", rpcCode: INVALID_PARAMS, message: "Invalid arguments." },
};
const LIMIT_REACHED: Fault = {
  ...{ status: 429, reason: "too_many_requests", rpcCode: jsonRpcCode("too_many_requests") },
  message: "Rate limit key-hour exceeded. Retry in 60 s.",
};

const SEED = 20_260_728;
/** Calls in a minute at the busiest time. */
const PEAK_PER_MINUTE = 9;
const OUTAGE = { from: 6 * HOUR_MS, until: 6 * HOUR_MS - 40 * MINUTE_MS } as const;

export function createDemoDay({ tenantId, callers, servers, until }: DemoDay): LogEvent[] {
  const random = createRandom(SEED);
  const events: LogEvent[] = [];
  for (let ago = DAY_MS; ago > 0; ago -= MINUTE_MS) {
    const minute = until - ago;
    for (let left = poisson(random, PEAK_PER_MINUTE * busyness(minute)); left > 0; left -= 1) {
      const at = Math.floor(minute + random() * MINUTE_MS);
      const caller = pick(random, callers);
      const server = pick(random, servers);
      const fault = pickFault(random, ago, server);
      events.push(...createCall(random, { tenantId, caller, server, at, fault }));
    }
  }
  return events;
}

/** From 0.08 at three in the morning to 1 at three in the afternoon, in UTC. */
function busyness(at: number): number {
  const hour = (at % DAY_MS) / HOUR_MS;
  return 0.54 - 0.46 * Math.cos(((hour - 3) / 24) * 2 * Math.PI);
}

function pickFault(random: Random, ago: number, { name }: DemoServer): Fault | undefined {
  const isOut = name === "notes" && ago <= OUTAGE.from && ago > OUTAGE.until;
  if (isOut && random() < 0.8) return TIMEOUT;
  const kind = random();
  if (kind < 0.012) return TOOL_ERROR;
  if (kind < 0.018) return WRONG_ARGUMENTS;
  return kind < 0.022 ? LIMIT_REACHED : undefined;
}

interface DemoCall {
  readonly tenantId: string;
  readonly caller: DemoCaller;
  readonly server: DemoServer;
  readonly at: number;
  readonly fault: Fault | undefined;
}

function createCall(random: Random, { tenantId, caller, server, at, fault }: DemoCall): LogEvent[] {
  const tool = pick(random, server.tools);
  const requestId = uuidv7(at);
  const upstreamMs = fault?.isUpstreams === true ? 30_000 : Math.round(8 + exponential(random, 35));
  const durationMs = upstreamMs + 2;
  const common = { v: EVENT_VERSION, at, tenantId, requestId } as const;
  const caused = { userId: caller.userId, apiKeyId: caller.apiKeyId };
  const isRefused = fault === LIMIT_REACHED;
  const events: LogEvent[] = [
    {
      ...{
        ...common,
        ...caused,
        kind: "request",
        id: requestId,
        method: "POST",
        path: `/mcp/${server.name}`,
      },
      ...{ clientName: caller.userAgent.split("/")[0], userAgent: caller.userAgent },
      ...{ mcpMethod: "tools/call", toolName: tool, targetServerId: isRefused ? undefined : server.id },
      ...{ statusCode: fault?.status ?? 200, durationMs: isRefused ? 1 : durationMs },
      ...{ upstreamMs: isRefused ? undefined : upstreamMs, requestBytes: 180 + Math.floor(random() * 400) },
      ...{ ipAddress: "192.0.2.10", errorCode: fault?.reason },
    },
    {
      ...{ ...common, ...caused, kind: "mcp", id: uuidv7(at), roles: [caller.role], method: "tools/call" },
      ...{
        target: tool,
        serverId: isRefused ? undefined : server.id,
        durationMs: isRefused ? 1 : durationMs,
      },
      ...{ success: fault === undefined, errorCode: fault?.rpcCode, errorMessage: fault?.message },
    },
  ];
  if (fault?.isUpstreams === true) {
    events.push({
      ...{ ...common, kind: "error", id: uuidv7(at), code: fault.reason, message: fault.message },
      ...{ source: "upstream", severity: "medium", serverId: server.id },
      fingerprint: `${fault.reason}:${server.id}:tools/call`,
    });
  }
  return events;
}
