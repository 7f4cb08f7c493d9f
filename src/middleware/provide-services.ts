/** Hands the isolate's configuration and services to the request. */
import { createMiddleware } from "hono/factory";
import { getServices } from "../services.ts";
import type { AppEnv } from "./app-env.ts";

export const provideServices = createMiddleware<AppEnv>(async (c, next) => {
  const { config, services } = getServices(c.env);
  c.set("config", config);
  c.set("services", services);
  await next();
});
