/** Hands the isolate's configuration and services to the request. */
import { createMiddleware } from "hono/factory";
import { loadServices } from "../services.ts";
import type { AppEnv } from "./app-env.ts";

export const provideServices = createMiddleware<AppEnv>(async (c, next) => {
  const services = await loadServices(c.env);
  c.set("config", services.config);
  c.set("services", services);
  await next();
});
