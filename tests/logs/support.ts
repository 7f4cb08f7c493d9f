import { uuidv7 } from "../../src/core/ids.ts";
import type { QueueMessage } from "../../src/logs/consumer.ts";
import type { LogEvent, McpEvent, RequestEvent } from "../../src/logs/events.ts";

export const requestEvent = (tenantId: string | null, more: Partial<RequestEvent> = {}): LogEvent => ({
  v: 1,
  kind: "request",
  id: uuidv7(),
  at: Date.now(),
  tenantId,
  method: "POST",
  path: "/mcp",
  statusCode: 200,
  durationMs: 1.5,
  ...more,
});

export const callEvent = (tenantId: string | null, more: Partial<McpEvent> = {}): LogEvent => ({
  v: 1,
  kind: "mcp",
  id: uuidv7(),
  at: Date.now(),
  tenantId,
  roles: ["user"],
  method: "tools/list",
  success: true,
  durationMs: 1.5,
  ...more,
});

/** A message as the queue delivers it, which records its acknowledgment or retry. */
export function delivered(body: unknown, attempts = 1): QueueMessage & { fate: string } {
  const message = {
    id: crypto.randomUUID(),
    body,
    attempts,
    fate: "forgotten",
    ack() {
      message.fate = "acked";
    },
    retry({ delaySeconds = 0 }: { delaySeconds?: number } = {}) {
      message.fate = `retried after ${delaySeconds} s`;
    },
  };
  return message;
}
