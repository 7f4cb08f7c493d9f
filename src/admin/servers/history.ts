/** Health checks as spans of time and as points of a chart. */
import { z } from "zod";
import { HEALTH_STATUSES } from "../../core/enums.ts";
import type { Span } from "../charts/blocks.tsx";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import { healthTone } from "../ui/states.tsx";
import { serverApi } from "./server.ts";

const check = z.object({
  checkedAt: z.string(),
  status: z.enum(HEALTH_STATUSES),
  responseTimeMs: z.number().nullable(),
  errorMessage: z.string().nullable(),
});

export type Check = z.infer<typeof check>;

/** As many as one page of the interface holds: about three hours of them. */
const MOST = 200;
export const SHOWN_MS = 3 * 3_600_000;

/** Oldest first. */
export async function readChecks(rest: ApiClient, serverId: string, now: Date): Promise<readonly Check[]> {
  const { value } = await rest.read(`${serverApi(serverId)}/health-checks`, pageShape(check), {
    from: new Date(now.getTime() - SHOWN_MS).toISOString(),
    limit: MOST,
  });
  return value.items.toReversed();
}

/** A check's word holds until the next one. */
export function listSpans(checks: readonly Check[], until: number): Span[] {
  const spans: Span[] = [];
  for (const [index, { checkedAt, status, errorMessage }] of checks.entries()) {
    const from = Date.parse(checkedAt);
    const next = checks[index + 1];
    const to = next === undefined ? until : Date.parse(next.checkedAt);
    const label = errorMessage === null ? status : `${status}: ${errorMessage}`;
    const last = spans.at(-1);
    if (last !== undefined && last.label === label) spans[spans.length - 1] = { ...last, to };
    else spans.push({ from, to, label, tone: healthTone(status) });
  }
  return spans;
}
