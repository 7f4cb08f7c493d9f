/** The app's routes as it has them, with what guards and validates each: so that a new route is in every walk by itself. */

import type { RouteInput } from "../../src/api/validate.ts";
import { routeInput } from "../../src/api/validate.ts";
import { createApp } from "../../src/app.ts";
import type { Action } from "../../src/core/access/actions.ts";
import { guardedAction } from "../../src/policy/guard.ts";

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly actions: readonly Action[];
  readonly inputs: readonly RouteInput[];
}

/** Middleware for all stands among the routes too; what a caller can reach ends in a handler of its own. */
export function routeTable(): Route[] {
  const routes = createApp().routes.filter(({ path }) => !path.endsWith("/*"));
  return [...Map.groupBy(routes, ({ method, path }) => `${method} ${path}`).values()].map((handlers) => ({
    method: handlers[0]?.method ?? "",
    path: handlers[0]?.path ?? "",
    actions: handlers.flatMap(({ handler }) => guardedAction(handler) ?? []),
    inputs: handlers.flatMap(({ handler }) => routeInput(handler) ?? []),
  }));
}

export const restRoutes = () => routeTable().filter(({ path }) => path.startsWith("/api/v1/"));
