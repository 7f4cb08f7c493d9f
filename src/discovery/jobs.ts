/**
 * The registry's work, as it travels through its queue: cron only finds out what is due, so that a tick is short however
 * many servers there are, and what fails is tried again by the queue.
 */
import { z } from "zod";
import { toGatewayError } from "../core/errors.ts";
import { mapConcurrent } from "../core/map-concurrent.ts";
import { logFailure } from "../logs/log-failure.ts";
import { syncSource } from "../registry/sync.ts";
import { discover } from "./discover.ts";
import { checkServers, type HealthDeps } from "./health.ts";

const server = z.object({ tenantId: z.uuid(), serverId: z.uuid() });

const work = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("check"), minute: z.number().int(), servers: z.array(z.uuid()) }),
  z.object({
    kind: z.literal("sync"),
    minute: z.number().int(),
    tenantId: z.uuid(),
    sourceId: z.uuid(),
  }),
  z.object({ kind: z.literal("discover"), minute: z.number().int(), servers: z.array(server) }),
]);

export type RegistryJob = z.infer<typeof work>;

/** The part of a queue's binding that this takes. */
export interface RegistryJobQueue {
  sendBatch(messages: Iterable<{ body: RegistryJob; delaySeconds?: number }>): Promise<unknown>;
}

export interface RegistryJobMessage {
  readonly body: unknown;
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

const MAX_BATCH_SIZE = 100;
const DISCOVERY_CONCURRENCY = 3;
/** What is left then is taken up again by a later tick. */
const MAX_ROUNDS = 20;
const RETRY_SECONDS = 10;

export async function enqueueJobs(
  queue: RegistryJobQueue,
  messages: readonly { body: RegistryJob; delaySeconds: number }[],
): Promise<void> {
  for (let index = 0; index < messages.length; index += MAX_BATCH_SIZE) {
    await queue.sendBatch(messages.slice(index, index + MAX_BATCH_SIZE));
  }
}

export async function runJob(deps: HealthDeps, given: RegistryJob): Promise<void> {
  switch (given.kind) {
    case "check":
      await checkServers(deps, given.servers, new Date(given.minute));
      return;
    case "sync": {
      let since = new Date(given.minute);
      for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
        if ((await syncSource(deps, given, since)).kind !== "more") return;
        since = new Date(deps.now() + 1);
      }
      return;
    }
    case "discover":
      await mapConcurrent(given.servers, DISCOVERY_CONCURRENCY, (of) =>
        discover(deps, of, new Date(given.minute)).catch((error: unknown) =>
          logFailure(toGatewayError(error), { work: "discover", serverId: of.serverId }),
        ),
      );
      return;
  }
}

/** One after the other: a Worker has few connections, and each piece of work takes as many as it may. */
export async function consumeJobs(messages: readonly RegistryJobMessage[], deps: HealthDeps): Promise<void> {
  for (const message of messages) {
    const given = work.safeParse(message.body);
    try {
      if (given.success) await runJob(deps, given.data);
      message.ack();
    } catch (error) {
      logFailure(toGatewayError(error), { work: `registry ${given.data?.kind ?? "?"}`, serverId: "" });
      message.retry({ delaySeconds: RETRY_SECONDS * message.attempts });
    }
  }
}
