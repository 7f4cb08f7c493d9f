/** The Worker: what Cloudflare calls, wired to what answers. */
import { createApp } from "./app.ts";
import { runJobs } from "./jobs/index.ts";
import { consumeDeadEvents, consumeEvents } from "./logs/consumer.ts";
import { consumeAlerts } from "./operations/alerts/deliver.ts";
import { consumeWork } from "./registry/work.ts";
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
    const { alerts, database, registry } = servicesOf(env).services;
    if (batch.queue.includes("-health")) await consumeWork(batch.messages, registry);
    else if (batch.queue.includes("-alerts")) await consumeAlerts(batch.messages, alerts);
    else if (batch.queue.includes("-dead")) await consumeDeadEvents(batch.messages, database);
    else await consumeEvents(batch.messages, database);
  },
  async scheduled(controller, env) {
    await runJobs(controller.cron, servicesOf(env).services);
  },
} satisfies ExportedHandler<Env>;
