/**
 * Delivers alert notifications by webhook and email. Failed deliveries are retried through the queue with increasing
 * delays and abandoned after half a day. A receiver recognizes duplicates by the ID.
 */

import { z } from "zod";
import { MINUTE_MS } from "../../core/durations.ts";
import { toGatewayError } from "../../core/errors.ts";
import { mapConcurrent } from "../../core/map-concurrent.ts";
import {
  claimDeliveries,
  listOverdueDeliveries,
  markDelivered,
  markFailed,
} from "../../db/queries/logs/alert-deliveries.ts";
import { logFailure } from "../../logs/log-failure.ts";
import type { AlertDeps } from "./alert-deps.ts";
import { sendNotification } from "./notify.ts";

const CONCURRENCY = 6;
const PER_MESSAGE = 20;
const MESSAGES_PER_BATCH = 100;

/** After the first try, the second, …; then the delivery has failed. */
const RETRY_DELAYS_SECONDS = [10, 60, 300, 900, 3600, 10_800, 21_600];

export async function enqueueDeliveries(
  deps: AlertDeps,
  ids: readonly string[],
  delaySeconds = 0,
): Promise<void> {
  const messages = [];
  for (let index = 0; index < ids.length; index += PER_MESSAGE) {
    messages.push({ body: { deliveries: ids.slice(index, index + PER_MESSAGE) }, delaySeconds });
  }
  try {
    for (let index = 0; index < messages.length; index += MESSAGES_PER_BATCH) {
      await deps.queue.sendBatch(messages.slice(index, index + MESSAGES_PER_BATCH));
    }
  } catch (error) {
    // Cron finds what is overdue.
    logFailure(toGatewayError(error), { work: "send alerts", serverId: "" });
  }
}

/** Every minute: what no message of the queue has brought. */
export async function enqueueOverdueDeliveries(deps: AlertDeps): Promise<number> {
  const before = new Date(deps.now() - MINUTE_MS);
  const overdue = await listOverdueDeliveries(
    deps.database.asSystem(),
    before,
    PER_MESSAGE * MESSAGES_PER_BATCH,
  );
  await enqueueDeliveries(
    deps,
    overdue.map(({ id }) => id),
  );
  return overdue.length;
}

export async function deliver(deps: AlertDeps, ids: readonly string[]): Promise<void> {
  const db = deps.database.asSystem();
  const taken = await claimDeliveries(db, ids, new Date(deps.now()));
  await mapConcurrent(taken, CONCURRENCY, async ({ id, tenantId, channel, message, attempts }) => {
    const result = await sendNotification(deps, { id, owner: tenantId, channel, message });
    const at = deps.now();
    if (result.ok) {
      await markDelivered(db, id, new Date(at));
      return;
    }
    const wait = result.isFinal ? undefined : RETRY_DELAYS_SECONDS[attempts - 1];
    await markFailed(db, id, result.says, wait === undefined ? undefined : new Date(at + wait * 1000));
    if (wait !== undefined) await enqueueDeliveries(deps, [id], wait);
  });
}

/** The part of a queue's message that this takes. */
export interface DeliveryMessage {
  readonly body: unknown;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

const work = z.object({ deliveries: z.array(z.uuid()) });

export async function consumeAlerts(messages: readonly DeliveryMessage[], deps: AlertDeps): Promise<void> {
  for (const message of messages) {
    const given = work.safeParse(message.body);
    try {
      if (given.success) await deliver(deps, given.data.deliveries);
      message.ack();
    } catch (error) {
      logFailure(toGatewayError(error), { work: "deliver alerts", serverId: "" });
      message.retry({ delaySeconds: RETRY_DELAYS_SECONDS[0] ?? 0 });
    }
  }
}
