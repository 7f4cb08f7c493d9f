/** The app's routes as it has them, with what guards and validates each: so that a new route is in every walk by itself. */

import { Hono } from "hono";
import { type RouteResponse, routeResponse } from "../../src/api/http/responses.ts";
import type { RouteInput } from "../../src/api/http/validate.ts";
import { listExamples, routeInput } from "../../src/api/http/validate.ts";
import type { Permission } from "../../src/core/access/permissions.ts";
import type { AppEnv } from "../../src/middleware/app-env.ts";
import { getPermission } from "../../src/middleware/require-permission.ts";
import { createWebApp } from "../../src/web-app.ts";

import { isDescription } from "./open-routes.ts";

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly actions: readonly Permission[];
  readonly inputs: readonly RouteInput[];
  readonly answers: readonly RouteResponse[];
}

/** Middleware stands among the routes too, for all methods; what a caller can reach ends in a handler of its own. */
export function routeTable(): Route[] {
  const all = createWebApp(new Hono<AppEnv>()).routes.filter(({ path }) => !path.endsWith("/*"));
  const handled = new Set(all.filter(({ method }) => method !== "ALL").map(({ path }) => path));
  const routes = all.filter(({ method, path }) => method !== "ALL" || !handled.has(path));
  return [...Map.groupBy(routes, ({ method, path }) => `${method} ${path}`).values()].map((handlers) => ({
    method: handlers[0]?.method ?? "",
    path: handlers[0]?.path ?? "",
    actions: handlers.flatMap(({ handler }) => getPermission(handler) ?? []),
    inputs: handlers.flatMap(({ handler }) => routeInput(handler) ?? []),
    answers: handlers.flatMap(({ handler }) => routeResponse(handler) ?? []),
  }));
}

/** A body that the route takes, as its description gives it. */
export function exampleOf({ inputs }: Route): unknown {
  const body = inputs.find(({ part }) => part === "json");
  return body && listExamples(body.schema)[0];
}

/** The name of the thing that an id in a path is of: the segment before it. */
export const thingOf = (path: string) => path.split("/:")[0]?.split("/").at(-1) ?? "";

export const isOperators = ({ actions }: Route) =>
  actions.some((action) => action.startsWith("tenants.") || action.startsWith("system."));

export const restRoutes = () =>
  routeTable().filter(({ path }) => path.startsWith("/api/v1/") && !isDescription(path));
