/** The circuit breaker of one server as it stands, and the form of its thresholds, which are settings of the server. */
import { z } from "zod";
import { BREAKER_STATES } from "../../core/enums.ts";
import { TRAFFIC_SETTINGS } from "../../core/settings/traffic-settings.ts";
import { THRESHOLD_SETTINGS, type ThresholdName } from "../../core/settings/traffic-terms.ts";
import { type FieldSpec, readFields, readTyped, type Typed } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";
import { readServer, serverApi } from "../servers/server.ts";

export const liveBreaker = z.object({
  state: z.enum(BREAKER_STATES),
  isForced: z.boolean(),
  since: z.string().nullable(),
  nextAttemptAt: z.string().nullable(),
  consecutiveOpens: z.number(),
  calls: z.number(),
  failures: z.number(),
  slow: z.number(),
  thresholds: z.record(z.string(), z.number()),
});
export type LiveBreaker = z.infer<typeof liveBreaker>;

function threshold(name: ThresholdName, label: string, hint: string): FieldSpec {
  const { min, max } = TRAFFIC_SETTINGS[THRESHOLD_SETTINGS[name]];
  return { ...{ name, label, hint, min, max }, kind: "number", optional: true, empty: "omit" };
}

export const thresholdFields: readonly FieldSpec[] = [
  threshold("windowSeconds", "Window (seconds)", "Calls within this time are evaluated."),
  threshold("minimumCalls", "Volume", "With fewer calls in the window the breaker stays closed."),
  threshold("errorRate", "Error rate", "Share of failed calls that opens the breaker, 0.01 to 1."),
  threshold("slowCallRate", "Slow-call rate", "Share of slow calls that opens the breaker, 0.01 to 1."),
  threshold("slowCallMs", "Slow call (ms)", "A call that takes longer counts as slow."),
  threshold("openSeconds", "Open time (seconds)", "Doubles with each failed probe."),
  threshold("maxOpenSeconds", "Maximum open time (seconds)", "The open time never exceeds this."),
  threshold("probes", "Probes", "Successful probes that close the breaker."),
];

/** What the server sets itself; fields that are empty have the organization's value. */
export function ownThresholds(settings: Readonly<Record<string, unknown>>): Typed {
  const own = z.record(z.string(), z.number()).catch({}).parse(settings.breaker);
  return Object.fromEntries(
    thresholdFields.map(({ name }) => [name, name in own ? [String(own[name])] : []]),
  );
}

/** Replaces the server's own thresholds by those of the form; other settings of the server stay as they are. */
export async function saveThresholds(rest: ApiClient, serverId: string, posted: URLSearchParams) {
  const { body, faults } = readFields(thresholdFields, readTyped(thresholdFields, posted));
  if (faults.length > 0) return { faults };
  const { value, etag } = await readServer(rest, serverId);
  const { breaker: _, ...others } = value.settings;
  const settings = Object.keys(body).length === 0 ? others : { ...others, breaker: body };
  const sent = await rest.send("PATCH", serverApi(serverId), {
    json: { settings },
    ...(etag !== undefined && { ifMatch: etag }),
  });
  return { sent };
}
