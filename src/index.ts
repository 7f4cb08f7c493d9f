/** The Worker: what Cloudflare calls, wired to what answers. */
import { createApp } from "./app.ts";
import { runJobs } from "./jobs/index.ts";
import { servicesOf } from "./services.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(controller, env) {
    await runJobs(controller.cron, servicesOf(env).services);
  },
} satisfies ExportedHandler<Env>;
