/**
 * Tells alerts by webhook and mail. What cannot be delivered comes again through the queue, later each time, and is given
 * up after half a day; a receiver that hears something twice knows it by its id.
 */
import { z } from "zod";
import { toGatewayError } from "../../core/errors.ts";
import { mapConcurrent } from "../../core/map-concurrent.ts";
import {
  markDelivered,
  markFailed,
  overdueDeliveries,
  takeDeliveries,
} from "../../db/queries/alert-deliveries.ts";
import { logFailure } from "../../logs/console.ts";
import type { AlertParts } from "./parts.ts";
import { tell } from "./tell.ts";

const AT_ONCE = 6;
const PER_MESSAGE = 20;
const MESSAGES_PER_BATCH = 100;
const MINUTE_MS = 60_000;

/** After the first try, the second, …; then it is given up. */
const WAITS_SECONDS = [10, 60, 300, 900, 3600, 10_800, 21_600];

export async function sendDeliveries(
  parts: AlertParts,
  ids: readonly string[],
  delaySeconds = 0,
): Promise<void> {
  const messages = [];
  for (let index = 0; index < ids.length; index += PER_MESSAGE) {
    messages.push({ body: { deliveries: ids.slice(index, index + PER_MESSAGE) }, delaySeconds });
  }
  try {
    for (let index = 0; index < messages.length; index += MESSAGES_PER_BATCH) {
      await parts.queue.sendBatch(messages.slice(index, index + MESSAGES_PER_BATCH));
    }
  } catch (error) {
    // Cron finds what is overdue.
    logFailure(toGatewayError(error), { work: "send alerts", serverId: "" });
  }
}

/** Every minute: what no message of the queue has brought. */
export async function deliverOverdue(parts: AlertParts): Promise<number> {
  const before = new Date(parts.now() - MINUTE_MS);
  const overdue = await overdueDeliveries(
    parts.database.asSystem(),
    before,
    PER_MESSAGE * MESSAGES_PER_BATCH,
  );
  await sendDeliveries(
    parts,
    overdue.map(({ id }) => id),
  );
  return overdue.length;
}

export async function deliver(parts: AlertParts, ids: readonly string[]): Promise<void> {
  const db = parts.database.asSystem();
  const taken = await takeDeliveries(db, ids, new Date(parts.now()));
  await mapConcurrent(taken, AT_ONCE, async ({ id, tenantId, channel, message, attempts }) => {
    const told = await tell(parts, { id, owner: tenantId, channel, message });
    const at = parts.now();
    if (told.ok) {
      await markDelivered(db, id, new Date(at));
      return;
    }
    const wait = told.isFinal ? undefined : WAITS_SECONDS[attempts - 1];
    await markFailed(db, id, told.says, wait === undefined ? undefined : new Date(at + wait * 1000));
    if (wait !== undefined) await sendDeliveries(parts, [id], wait);
  });
}

/** The part of a queue's message that this takes. */
export interface DeliveryMessage {
  readonly body: unknown;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

const work = z.object({ deliveries: z.array(z.uuid()) });

export async function consumeAlerts(messages: readonly DeliveryMessage[], parts: AlertParts): Promise<void> {
  for (const message of messages) {
    const given = work.safeParse(message.body);
    try {
      if (given.success) await deliver(parts, given.data.deliveries);
      message.ack();
    } catch (error) {
      logFailure(toGatewayError(error), { work: "deliver alerts", serverId: "" });
      message.retry({ delaySeconds: WAITS_SECONDS[0] ?? 0 });
    }
  }
}
