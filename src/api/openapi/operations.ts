/** The REST interface's operations, read off its routes: who may, what comes in, what goes out. */
import type { RouterRoute } from "hono/types";
import { z } from "zod";
import type { PermissionRule } from "../../core/access/permission-rule.ts";
import { PERMISSIONS, type Permission } from "../../core/access/permissions.ts";
import { capitalize } from "../../core/capitalize.ts";
import { getPermission } from "../../middleware/require-permission.ts";
import { requireIfMatch } from "../http/etag.ts";
import { idempotent } from "../http/idempotency.ts";
import { type RouteResponse, routeResponse } from "../http/responses.ts";
import { type RouteInput, routeInput } from "../http/validate.ts";

export interface Operation {
  readonly method: string;
  /** As OpenAPI writes it: /servers/{id}. */
  readonly path: string;
  readonly id: string;
  /** The first segment: what it is about. */
  readonly tag: string;
  readonly summary: string;
  readonly action: Permission;
  readonly rule: PermissionRule;
  readonly inputs: readonly RouteInput[];
  readonly answer: RouteResponse;
  readonly takesIdempotencyKey: boolean;
  readonly takesIfMatch: boolean;
}

type Route = Pick<RouterRoute, "method" | "path" | "handler">;

export function listOperations(routes: readonly Route[]): Operation[] {
  const reachable = routes.filter(({ path }) => !path.endsWith("/*"));
  return [...Map.groupBy(reachable, ({ method, path }) => `${method} ${path}`).values()].flatMap(
    (handlers) => {
      const [{ method = "", path = "" } = {}] = handlers;
      const action = handlers.flatMap(({ handler }) => getPermission(handler) ?? [])[0];
      const answer = handlers.flatMap(({ handler }) => routeResponse(handler) ?? [])[0];
      if (action === undefined || answer === undefined) return [];
      const inputs = handlers.flatMap(({ handler }) => routeInput(handler) ?? []);
      return {
        method: method.toLowerCase(),
        path: path.replaceAll(/:(\w+)/g, "{$1}"),
        id: idOf(method, path),
        tag: path.split("/")[1] ?? "",
        summary: summaryOf(action, path),
        action,
        rule: PERMISSIONS[action],
        inputs,
        answer: answerOf(answer, inputs),
        takesIdempotencyKey: handlers.some(({ handler }) => Object.is(handler, idempotent)),
        takesIfMatch: handlers.some(({ handler }) => Object.is(handler, requireIfMatch)),
      };
    },
  );
}

/** Where callers can select members (`fields`), no member is required. */
function answerOf(answer: RouteResponse, inputs: readonly RouteInput[]): RouteResponse {
  const takesFields = inputs.some(
    ({ part, schema }) => part === "query" && schema instanceof z.ZodObject && "fields" in schema.shape,
  );
  return takesFields && answer.schema !== undefined
    ? { ...answer, schema: withOptionalMembers(answer.schema) }
    : answer;
}

/** Of one object, or of the items of a page. */
function withOptionalMembers(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodObject)) return schema;
  const { items } = schema.shape;
  const item = items instanceof z.ZodArray ? items.element : undefined;
  return item instanceof z.ZodObject ? schema.extend({ items: z.array(item.partial()) }) : schema.partial();
}

/** getServersByIdMetrics */
function idOf(method: string, path: string): string {
  const words = path
    .split("/")
    .flatMap((segment) => (segment.startsWith(":") ? ["by", segment.slice(1)] : segment.split("-")));
  return [method.toLowerCase(), ...words.map(capitalize)].join("");
}

/** Verbs of permissions as summaries word them; others are capitalized. */
const VERBS: Readonly<Record<string, string>> = { synchronise: "Sync" };

/** "List routing rules", "Acknowledge alert events". */
function summaryOf(action: Permission, path: string): string {
  const [thing = "", verb = ""] = action.split(".");
  const last = path.split("/").at(-1) ?? "";
  const about = thing === "system" ? path.split("/").slice(2, 3).join(" ") : thing;
  // Where several routes have one permission, the path distinguishes them.
  const isStated = last.startsWith(":") || last === "" || last === about || verb.startsWith(last);
  const words = [VERBS[verb] ?? capitalize(verb), about, ...(isStated ? [] : [`(${last})`])];
  return words.join(" ").replaceAll("-", " ");
}
