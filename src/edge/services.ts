/** Hands the isolate's configuration and services to the request. */
import { createMiddleware } from "hono/factory";
import { servicesOf } from "../services.ts";
import type { AppEnv } from "./context.ts";

export const services = createMiddleware<AppEnv>(async (c, next) => {
  const { config, services } = servicesOf(c.env);
  c.set("config", config);
  c.set("services", services);
  await next();
});
