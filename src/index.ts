/** The Worker: what Cloudflare calls, wired to what answers. */
import { createApp } from "./app.ts";
import { runScheduledJobs } from "./jobs/schedule.ts";
import { queueConsumer } from "./queues.ts";
import { getServices } from "./services.ts";

export { BridgeObject } from "./durable-objects/bridge.ts";
export { GlobalObject } from "./durable-objects/global.ts";
export { OutboxObject } from "./durable-objects/outbox.ts";
export { SessionObject } from "./durable-objects/session.ts";
export { TenantObject } from "./durable-objects/tenant.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async queue(batch, env) {
    await queueConsumer(batch.queue)(batch.messages, getServices(env).services);
  },
  async scheduled(controller, env, ctx) {
    const { services } = getServices(env);
    await runScheduledJobs(controller.cron, services, new Date(), (work) => ctx.waitUntil(work));
  },
} satisfies ExportedHandler<Env>;
