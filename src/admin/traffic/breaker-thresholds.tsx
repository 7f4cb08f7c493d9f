/** The circuit breaker of one server as it stands, and the form of its thresholds, which are settings of the server. */
import { z } from "zod";
import { BREAKER_STATES } from "../../core/enums.ts";
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

const number = (name: string, label: string, hint: string, min: number, max: number): FieldSpec => ({
  ...{ name, label, hint, min, max },
  kind: "number",
  optional: true,
  empty: "omit",
});

export const thresholdFields: readonly FieldSpec[] = [
  number("windowSeconds", "Window (seconds)", "Calls of this time are judged.", 1, 3600),
  number("minimumCalls", "Volume", "With fewer calls in the window the breaker stays closed.", 1, 100_000),
  number("errorRate", "Error rate", "Share of failed calls that opens the breaker, 0.01 to 1.", 0.01, 1),
  number("slowCallRate", "Slow-call rate", "Share of slow calls that opens the breaker, 0.01 to 1.", 0.01, 1),
  number("slowCallMs", "Slow call (ms)", "A call that takes longer counts as slow.", 1, 600_000),
  number("openSeconds", "Open time (seconds)", "Doubles with each failed probe.", 1, 3600),
  number("maxOpenSeconds", "Maximum open time (seconds)", "The open time never exceeds this.", 1, 86_400),
  number("probes", "Probes", "Successful probes that close the breaker.", 1, 100),
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
