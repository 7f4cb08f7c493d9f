/**
 * The registry's work, as it travels through its queue: cron only finds out what is due, so that a tick is short however
 * many servers there are, and what fails is tried again by the queue.
 */
import { z } from "zod";
import { toGatewayError } from "../core/errors.ts";
import { mapConcurrent } from "../core/map-concurrent.ts";
import { logFailure } from "../logs/console.ts";
import { discover } from "./discover.ts";
import { checkServers, type HealthParts } from "./health.ts";
import { synchronise } from "./synchronise.ts";

const server = z.object({ tenantId: z.uuid(), serverId: z.uuid() });

const work = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("check"), minute: z.number().int(), servers: z.array(z.uuid()) }),
  z.object({
    kind: z.literal("synchronise"),
    minute: z.number().int(),
    tenantId: z.uuid(),
    sourceId: z.uuid(),
  }),
  z.object({ kind: z.literal("discover"), minute: z.number().int(), servers: z.array(server) }),
]);

export type RegistryWork = z.infer<typeof work>;

/** The part of a queue's binding that this takes. */
export interface WorkQueue {
  sendBatch(messages: Iterable<{ body: RegistryWork; delaySeconds?: number }>): Promise<unknown>;
}

export interface WorkMessage {
  readonly body: unknown;
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

const MOST_PER_BATCH = 100;
const DISCOVERIES_AT_ONCE = 3;
/** What is left then is taken up again by a later tick. */
const MOST_ROUNDS = 20;
const RETRY_SECONDS = 10;

export async function sendWork(
  queue: WorkQueue,
  messages: readonly { body: RegistryWork; delaySeconds: number }[],
): Promise<void> {
  for (let index = 0; index < messages.length; index += MOST_PER_BATCH) {
    await queue.sendBatch(messages.slice(index, index + MOST_PER_BATCH));
  }
}

export async function doWork(parts: HealthParts, given: RegistryWork): Promise<void> {
  switch (given.kind) {
    case "check":
      await checkServers(parts, given.servers, new Date(given.minute));
      return;
    case "synchronise": {
      let since = new Date(given.minute);
      for (let rounds = 0; rounds < MOST_ROUNDS; rounds += 1) {
        if ((await synchronise(parts, given, since)).kind !== "more") return;
        since = new Date(parts.now() + 1);
      }
      return;
    }
    case "discover":
      await mapConcurrent(given.servers, DISCOVERIES_AT_ONCE, (of) =>
        discover(parts, of, new Date(given.minute)).catch((error: unknown) =>
          logFailure(toGatewayError(error), { work: "discover", serverId: of.serverId }),
        ),
      );
      return;
  }
}

/** One after the other: a Worker has few connections, and each piece of work takes as many as it may. */
export async function consumeWork(messages: readonly WorkMessage[], parts: HealthParts): Promise<void> {
  for (const message of messages) {
    const given = work.safeParse(message.body);
    try {
      if (given.success) await doWork(parts, given.data);
      message.ack();
    } catch (error) {
      logFailure(toGatewayError(error), { work: `registry ${given.data?.kind ?? "?"}`, serverId: "" });
      message.retry({ delaySeconds: RETRY_SECONDS * message.attempts });
    }
  }
}
