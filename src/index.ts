/** The Worker: what Cloudflare calls, wired to what answers. */
import { createApp, createFetchHandler } from "./app.ts";

export { AccountObject } from "./durable-objects/account.ts";
export { BridgeObject } from "./durable-objects/bridge.ts";
export { ConnectorObject } from "./durable-objects/connector.ts";
export { GlobalObject } from "./durable-objects/global.ts";
export { OutboxObject } from "./durable-objects/outbox.ts";
export { SessionObject } from "./durable-objects/session.ts";
export { TenantObject } from "./durable-objects/tenant.ts";

const fetchHandler = createFetchHandler(createApp());

export default {
  fetch: fetchHandler,
  // No call waits for these: what they need is evaluated when the first batch or the first minute comes.
  async queue(batch, env) {
    const [{ queueConsumer }, { loadServices }] = await Promise.all([
      import("./queues.ts"),
      import("./services.ts"),
    ]);
    await queueConsumer(batch.queue)(batch.messages, await loadServices(env));
  },
  async scheduled(controller, env, ctx) {
    const [{ runScheduledJobs }, { loadServices }] = await Promise.all([
      import("./jobs/schedule.ts"),
      import("./services.ts"),
    ]);
    const services = await loadServices(env);
    await runScheduledJobs(controller.cron, services, new Date(), (work) => ctx.waitUntil(work));
  },
} satisfies ExportedHandler<Env>;
