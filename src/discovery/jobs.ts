/**
 * The jobs of discovery, health checks and registry sync, and their queue. Cron only enqueues what is due, so that a tick is
 * short however many servers there are; the queue redelivers what fails.
 */
import { z } from "zod";
import { toGatewayError } from "../core/errors.ts";
import { logFailure } from "../logs/log-failure.ts";

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

/** The part of a queue's binding that sending jobs needs. */
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
const RETRY_SECONDS = 10;

export async function enqueueJobs(
  queue: RegistryJobQueue,
  messages: readonly { body: RegistryJob; delaySeconds: number }[],
): Promise<void> {
  for (let index = 0; index < messages.length; index += MAX_BATCH_SIZE) {
    await queue.sendBatch(messages.slice(index, index + MAX_BATCH_SIZE));
  }
}

type JobOf<K extends RegistryJob["kind"]> = Extract<RegistryJob, { kind: K }>;

/** Runs the jobs of each kind; services.ts wires them, so that discovery and registry do not import each other. */
export type RegistryJobHandlers = {
  readonly [K in RegistryJob["kind"]]: (job: JobOf<K>) => Promise<unknown>;
};

function runJob(handlers: RegistryJobHandlers, job: RegistryJob): Promise<unknown> {
  switch (job.kind) {
    case "check":
      return handlers.check(job);
    case "sync":
      return handlers.sync(job);
    case "discover":
      return handlers.discover(job);
  }
}

/** Runs one job after the other: a Worker has few connections, and each job takes as many as it may. */
export async function consumeJobs(
  messages: readonly RegistryJobMessage[],
  handlers: RegistryJobHandlers,
): Promise<void> {
  for (const message of messages) {
    const given = work.safeParse(message.body);
    try {
      if (given.success) await runJob(handlers, given.data);
      message.ack();
    } catch (error) {
      logFailure(toGatewayError(error), { work: `registry ${given.data?.kind ?? "?"}`, serverId: "" });
      message.retry({ delaySeconds: RETRY_SECONDS * message.attempts });
    }
  }
}
