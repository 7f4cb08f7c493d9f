/** A log queue that keeps what it is sent, beside the real binding that it stands in front of. */
import type { LogEvent, LogMessage } from "../../src/logs/events.ts";

export function recordingQueue(real: Queue): { queue: Queue; events: LogEvent[] } {
  const events: LogEvent[] = [];
  const queue = new Proxy(real, {
    get: (target, member) =>
      member !== "sendBatch"
        ? Reflect.get(target, member)
        : async (messages: Iterable<{ body: LogMessage }>) => {
            for (const { body } of messages) events.push(...body.events);
          },
  });
  return { queue, events };
}
