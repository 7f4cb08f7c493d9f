/** The house's doors in order: what every request passes, then where it turns off. */
import { Hono } from "hono";
import { health } from "./api/health.ts";
import type { AppEnv } from "./edge/context.ts";
import { notFound, onError } from "./edge/errors.ts";
import { requestId } from "./edge/request-id.ts";
import { securityHeaders } from "./edge/security-headers.ts";
import { services } from "./edge/services.ts";

export function createApp() {
  const app = new Hono<AppEnv>();
  app.onError(onError);
  app.notFound(notFound);
  return app.use(requestId, securityHeaders, services).route("/", health);
}
