/** The Worker: what Cloudflare calls, wired to what answers. */
import { createApp } from "./app.ts";
import { runScheduledJobs } from "./jobs/schedule.ts";
import { queueConsumer } from "./queues.ts";
import { servicesOf } from "./services.ts";

export { BridgeObject } from "./objects/bridge.ts";
export { GlobalObject } from "./objects/global.ts";
export { OutboxObject } from "./objects/outbox.ts";
export { SessionObject } from "./objects/session.ts";
export { TenantObject } from "./objects/tenant.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async queue(batch, env) {
    await queueConsumer(batch.queue)(batch.messages, servicesOf(env).services);
  },
  async scheduled(controller, env, ctx) {
    const { services } = servicesOf(env);
    await runScheduledJobs(controller.cron, services, new Date(), (work) => ctx.waitUntil(work));
  },
} satisfies ExportedHandler<Env>;
