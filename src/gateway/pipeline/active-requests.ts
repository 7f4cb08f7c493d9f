/** Reports requests that take long to the tenant's object, where admins see them and may end them. */
import type { ActiveRequest } from "../../core/active-requests.ts";
import { GatewayError } from "../../core/errors.ts";
import { sleep, type TimerSet } from "../../core/timers.ts";
import type { McpContext } from "../context/context.ts";

/** Most requests are over by then, and cost nothing. */
const REPORT_AFTER_MS = 1000;
const REPORT_INTERVAL_MS = 2000;

export type ActiveSubject = Pick<ActiveRequest, "server" | "method" | "target">;

export function canceledByAdmin(): GatewayError {
  return new GatewayError("cancelled", "Request canceled by an administrator.");
}

export function clientDisconnected(): GatewayError {
  return new GatewayError("cancelled", "Client disconnected before the response.");
}

export interface TrackingOptions {
  readonly timers: TimerSet;
  /** Called when an admin cancels the request. */
  readonly cancel: () => void;
}

/** Returns what to call when the request is over. */
export function trackRequest(
  subject: ActiveSubject,
  context: McpContext,
  { timers, cancel }: TrackingOptions,
): () => void {
  const startedAt = Date.now();
  let over: AbortController | undefined;
  const begin = () => {
    over = new AbortController();
    context.waitUntil(report({ ...subject, startedAt }, context, cancel, over.signal).catch(() => undefined));
  };
  const unset = timers.set(REPORT_AFTER_MS, begin);
  return () => {
    unset();
    over?.abort();
  };
}

async function report(
  subject: ActiveSubject & Pick<ActiveRequest, "startedAt">,
  context: McpContext,
  cancel: () => void,
  over: AbortSignal,
): Promise<void> {
  const { principal, requestId } = context;
  const id = crypto.randomUUID();
  const request = {
    id,
    requestId,
    principalId: principal.id,
    userId: principal.userId,
    ...subject,
  };
  const table = context.active(principal.tenantId);
  while (!over.aborted) {
    // An object that does not answer is no reason to stop reporting.
    const isCancelled = await table.reportActive(request).catch(() => false);
    if (isCancelled) {
      cancel();
      break;
    }
    await sleep(REPORT_INTERVAL_MS, over);
  }
  await table.endActive(id);
}
