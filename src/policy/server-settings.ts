/**
 * Reads what is set for a server: its own settings, else those of the tenant, else the defaults. A stored value that does
 * not fit counts as not set, so that a bad row stops no traffic.
 */
import { z } from "zod";
import { payloadPolicy } from "../core/settings/payloads.ts";
import { breakerTerms } from "../core/settings/traffic-terms.ts";
import type { Settings } from "../core/settings/values.ts";
import { MAX_SERVER_RESPONSE_BYTES } from "../core/size-limits.ts";
import type { QueueSettings, ServerSettings, SnapshotServer } from "./snapshot.ts";

const optional = <T extends z.ZodType>(type: T) => type.optional().catch(undefined);
const integer = (min: number, max: number) => optional(z.number().int().min(min).max(max));
const share = optional(z.number().min(0.01).max(1));

const stored = z.object({
  firstByteTimeoutMs: integer(100, 600_000),
  earlyAnswerMs: integer(10, 600_000),
  keepAliveMs: integer(10, 600_000),
  idleTimeoutMs: integer(1000, 3_600_000),
  maxResponseBytes: integer(1024, MAX_SERVER_RESPONSE_BYTES),
  payloadSample: optional(z.number().min(0).max(1)),
  breaker: optional(
    z.object({
      windowSeconds: integer(1, 3600),
      minimumCalls: integer(1, 100_000),
      errorRate: share,
      slowCallRate: share,
      slowCallMs: integer(1, 600_000),
      openSeconds: integer(1, 3600),
      maxOpenSeconds: integer(1, 86_400),
      probes: integer(1, 100),
    }),
  ),
  tools: z
    .record(z.string(), z.object({ timeoutMs: integer(1, 43_200_000) }).catch({}))
    .catch({})
    .default({}),
});

export type OwnSettings = ServerSettings & Pick<SnapshotServer, "breaker" | "payloads" | "tools">;

export function readServerSettings(own: Readonly<Record<string, unknown>>, settings: Settings): OwnSettings {
  const { breaker, tools, payloadSample, ...times } = stored.parse(own);
  return {
    firstByteTimeoutMs: times.firstByteTimeoutMs ?? settings["servers.first_byte_timeout_ms"],
    earlyAnswerMs: times.earlyAnswerMs ?? settings["servers.early_answer_ms"],
    keepAliveMs: times.keepAliveMs ?? settings["servers.keep_alive_ms"],
    idleTimeoutMs: times.idleTimeoutMs ?? settings["servers.idle_timeout_ms"],
    maxResponseBytes: times.maxResponseBytes ?? settings["servers.max_response_bytes"],
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
