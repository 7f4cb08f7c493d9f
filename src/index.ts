/** The Worker: what Cloudflare calls, wired to what answers. */
import { createApp } from "./app.ts";
import { runJobs } from "./jobs/index.ts";
import { servicesOf } from "./services.ts";

export { BridgeObject } from "./objects/bridge.ts";
export { SessionObject } from "./objects/session.ts";
export { TenantObject } from "./objects/tenant.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(controller, env) {
    await runJobs(controller.cron, servicesOf(env).services);
  },
} satisfies ExportedHandler<Env>;
