/**
 * Reads what is set for a server: its own settings, else those of the tenant, else the defaults. A stored value that does
 * not fit counts as not set, so that a bad row stops no traffic.
 */
import { z } from "zod";
import { isPassableHeader, MAX_PASSED_HEADERS } from "../core/net/passed-headers.ts";
import { BUDGET_SETTINGS } from "../core/settings/budget-settings.ts";
import { payloadPolicy } from "../core/settings/payloads.ts";
import type { NumberSetting } from "../core/settings/setting.ts";
import { TRAFFIC_SETTINGS } from "../core/settings/traffic-settings.ts";
import { breakerTerms, THRESHOLD_SETTINGS, type ThresholdName } from "../core/settings/traffic-terms.ts";
import type { Settings } from "../core/settings/values.ts";
import type { QueueSettings, ServerSettings, SnapshotServer } from "./snapshot.ts";

/** The zod type of a server's own value, within the bounds of the setting that it replaces. */
function within({ min, max, isInteger }: Pick<NumberSetting, "min" | "max" | "isInteger">) {
  const number = isInteger === true ? z.number().int() : z.number();
  return number.min(min).max(max);
}

const thresholdWithin = (name: ThresholdName) => within(TRAFFIC_SETTINGS[THRESHOLD_SETTINGS[name]]);

export const SERVER_NUMBERS = {
  firstByteTimeoutMs: within(TRAFFIC_SETTINGS["servers.first_byte_timeout_ms"]),
  earlyAnswerMs: within(TRAFFIC_SETTINGS["servers.early_answer_ms"]),
  keepAliveMs: within(TRAFFIC_SETTINGS["servers.keep_alive_ms"]),
  idleTimeoutMs: within(TRAFFIC_SETTINGS["servers.idle_timeout_ms"]),
  maxResponseBytes: within(TRAFFIC_SETTINGS["servers.max_response_bytes"]),
  cost: within(BUDGET_SETTINGS["budgets.default_cost"]),
};

export const SERVER_THRESHOLDS = {
  windowSeconds: thresholdWithin("windowSeconds"),
  minimumCalls: thresholdWithin("minimumCalls"),
  errorRate: thresholdWithin("errorRate"),
  slowCallRate: thresholdWithin("slowCallRate"),
  slowCallMs: thresholdWithin("slowCallMs"),
  openSeconds: thresholdWithin("openSeconds"),
  maxOpenSeconds: thresholdWithin("maxOpenSeconds"),
  probes: thresholdWithin("probes"),
} satisfies Record<ThresholdName, z.ZodNumber>;

const optional = <T extends z.ZodType>(type: T) => type.optional().catch(undefined);

const stored = z.object({
  firstByteTimeoutMs: optional(SERVER_NUMBERS.firstByteTimeoutMs),
  earlyAnswerMs: optional(SERVER_NUMBERS.earlyAnswerMs),
  keepAliveMs: optional(SERVER_NUMBERS.keepAliveMs),
  idleTimeoutMs: optional(SERVER_NUMBERS.idleTimeoutMs),
  maxResponseBytes: optional(SERVER_NUMBERS.maxResponseBytes),
  cost: optional(SERVER_NUMBERS.cost),
  passHeaders: optional(z.array(z.string()).max(MAX_PASSED_HEADERS)),
  payloadSample: optional(z.number().min(0).max(1)),
  breaker: optional(
    z.object({
      windowSeconds: optional(SERVER_THRESHOLDS.windowSeconds),
      minimumCalls: optional(SERVER_THRESHOLDS.minimumCalls),
      errorRate: optional(SERVER_THRESHOLDS.errorRate),
      slowCallRate: optional(SERVER_THRESHOLDS.slowCallRate),
      slowCallMs: optional(SERVER_THRESHOLDS.slowCallMs),
      openSeconds: optional(SERVER_THRESHOLDS.openSeconds),
      maxOpenSeconds: optional(SERVER_THRESHOLDS.maxOpenSeconds),
      probes: optional(SERVER_THRESHOLDS.probes),
    }),
  ),
  tools: z
    .record(
      z.string(),
      z
        .object({
          timeoutMs: optional(z.number().int().min(1).max(43_200_000)),
          cost: optional(SERVER_NUMBERS.cost),
        })
        .catch({}),
    )
    .catch({})
    .default({}),
});

export type OwnSettings = ServerSettings & Pick<SnapshotServer, "breaker" | "cost" | "payloads" | "tools">;

export function readServerSettings(own: Readonly<Record<string, unknown>>, settings: Settings): OwnSettings {
  const { breaker, tools, payloadSample, passHeaders = [], ...times } = stored.parse(own);
  const passed = passHeaders.filter(isPassableHeader).map((name) => name.toLowerCase());
  return {
    firstByteTimeoutMs: times.firstByteTimeoutMs ?? settings["servers.first_byte_timeout_ms"],
    earlyAnswerMs: times.earlyAnswerMs ?? settings["servers.early_answer_ms"],
    keepAliveMs: times.keepAliveMs ?? settings["servers.keep_alive_ms"],
    idleTimeoutMs: times.idleTimeoutMs ?? settings["servers.idle_timeout_ms"],
    maxResponseBytes: times.maxResponseBytes ?? settings["servers.max_response_bytes"],
    cost: times.cost ?? settings["budgets.default_cost"],
    ...(passed.length > 0 && { passHeaders: new Set(passed) }),
    breaker: breakerTerms(settings, breaker),
    tools: new Map(Object.entries(tools)),
    payloads: payloadPolicy(settings, payloadSample),
  };
}

/** Disabled, a queue holds no call: a server at its concurrency limit rejects at once. */
export function readQueueSettings(settings: Settings, queue: QueueRow | null): QueueSettings {
  if (queue === null) return { maxSize: undefined, maxWaitMs: settings["queue.max_wait_ms"] };
  return { maxSize: queue.isEnabled ? queue.maxSize : 0, maxWaitMs: queue.maxWaitMs };
}

/** A row of request_queues. */
interface QueueRow {
  readonly isEnabled: boolean;
  readonly maxSize: number;
  readonly maxWaitMs: number;
}
