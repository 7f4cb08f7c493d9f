/** Batches go to the consumer of exactly their queue. */
import { createMessageBatch, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import worker from "../src/index.ts";
import { QUEUE_CONSUMERS, queueConsumer } from "../src/queues.ts";

describe("a batch", () => {
  it("of a queue that is unknown throws, whatever its name contains", async () => {
    for (const name of ["somebody-else", "mcp-gateway-events-dead-letters", "my-registry-jobs", ""]) {
      const batch = createMessageBatch(name, []);
      await expect(worker.queue(batch, env)).rejects.toThrow(`Queue ${name} has no consumer.`);
    }
  });

  it("of each queue has a consumer of its own, the same in every environment", () => {
    for (const kind of ["events", "events-dead", "registry-jobs", "alerts"]) {
      const plain = queueConsumer(`mcp-gateway-${kind}`);
      expect(queueConsumer(`mcp-gateway-${kind}-local`)).toBe(plain);
      expect(queueConsumer(`mcp-gateway-${kind}-development`)).toBe(plain);
    }
    expect(new Set(QUEUE_CONSUMERS.values()).size).toBe(4);
  });
});
