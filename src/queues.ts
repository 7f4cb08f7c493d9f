/** Which consumer takes the batches of which queue, by the exact names of wrangler.toml. */

import { consumeJobs } from "./discovery/jobs.ts";
import { consumeDeadEvents, consumeEvents } from "./logs/consumer.ts";
import { consumeAlerts } from "./operations/alerts/deliver.ts";
import { createJobHandlers, type Services } from "./services.ts";

type Messages = MessageBatch["messages"];
type Consumer = (
  messages: Messages,
  services: Pick<Services, "database" | "exportEvents" | "registry" | "alerts">,
) => Promise<void>;

const CONSUMERS_BY_QUEUE = {
  "mcp-gateway-events": (messages, { database, exportEvents }) =>
    consumeEvents(messages, database, exportEvents),
  "mcp-gateway-events-dead": (messages, { database }) => consumeDeadEvents(messages, database),
  "mcp-gateway-registry-jobs": (messages, { registry }) => consumeJobs(messages, createJobHandlers(registry)),
  "mcp-gateway-alerts": (messages, { alerts }) => consumeAlerts(messages, alerts),
} as const satisfies Record<string, Consumer>;

/** Production's queues bear the plain names. */
const ENVIRONMENTS = ["", "-local", "-development", "-staging"] as const;

export const QUEUE_CONSUMERS: ReadonlyMap<string, Consumer> = new Map(
  Object.entries<Consumer>(CONSUMERS_BY_QUEUE).flatMap(([name, consumer]) =>
    ENVIRONMENTS.map((environment) => [name + environment, consumer] as const),
  ),
);

/** Throws for an unknown queue, so that its messages are kept and redelivered. */
export function queueConsumer(name: string): Consumer {
  const consumer = QUEUE_CONSUMERS.get(name);
  if (consumer === undefined) throw new Error(`Queue ${name} has no consumer. Add it to src/queues.ts.`);
  return consumer;
}
