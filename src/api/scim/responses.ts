/** Responses in the forms of SCIM 2.0: resources with versions, lists, and errors. */
import type { Context } from "hono";
import { z } from "zod";
import { ScimError } from "../../core/scim/scim-error.ts";
import { isScimObject, type ScimObject } from "../../core/scim/values.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";

export type ScimContext = Context<AppEnv & GuardedEnv>;

export const SCIM_PATH = "/scim/v2";
const MEDIA_TYPE = "application/scim+json; charset=utf-8";
const MAX_PAGE = 200;

export function sendScim(c: Context, body: object, status: 200 | 201 = 200): Response {
  return c.body(JSON.stringify(body), status, { "content-type": MEDIA_TYPE });
}

export function createErrorResponse({ status, message, scimType }: ScimError): Response {
  const body = {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
    detail: message,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": MEDIA_TYPE, "cache-control": "no-store", ...wwwAuthenticate(status) },
  });
}

const wwwAuthenticate = (status: number) =>
  status === 401 ? { "www-authenticate": 'Bearer realm="scim"' } : undefined;

export async function readResource(c: ScimContext): Promise<ScimObject> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/(?:scim\+)?json\b/i.test(type)) {
    throw new ScimError(415, "The content type must be application/scim+json.");
  }
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch {
    throw new ScimError(400, "The body must be JSON.", "invalidSyntax");
  }
  if (!isScimObject(body)) throw new ScimError(400, "The body must be a JSON object.", "invalidSyntax");
  return body;
}

const listParameters = z.object({
  filter: z.string().optional(),
  startIndex: z.coerce.number().int().max(10_000_000).catch(1).default(1),
  count: z.coerce.number().int().catch(100).default(100),
  excludedAttributes: z.string().max(500).default(""),
});

/** Of a list: values out of range are moved into it (RFC 7644, section 3.4.2.4). */
export function readListParameters(c: ScimContext) {
  const parsed = listParameters.safeParse(c.req.query());
  if (!parsed.success) throw new ScimError(400, "The parameters are invalid.", "invalidValue");
  const { filter, startIndex, count, excludedAttributes } = parsed.data;
  const first = Math.max(startIndex, 1);
  const excluded = excludedAttributes.split(",").map((name) => name.trim().toLowerCase());
  const limit = Math.min(Math.max(count, 0), MAX_PAGE);
  return {
    filter,
    startIndex: first,
    page: { offset: first - 1, limit },
    hasMembers: !excluded.includes("members"),
  };
}

export const toList = (resources: readonly object[], total: number, startIndex: number) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
  totalResults: total,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});

export interface VersionedRow {
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const versionOf = ({ updatedAt }: VersionedRow) => `W/"${updatedAt.getTime()}"`;

export const toMeta = (c: ScimContext, type: "User" | "Group", id: string, row: VersionedRow) => ({
  resourceType: type,
  created: row.createdAt.toISOString(),
  lastModified: row.updatedAt.toISOString(),
  location: `${c.get("config").publicUrl}${SCIM_PATH}/${type}s/${id}`,
  version: versionOf(row),
});

/** Undefined where the client has that version already. */
export function sendVersioned(
  c: ScimContext,
  row: VersionedRow,
  body: object,
  status: 200 | 201 = 200,
): Response {
  const version = versionOf(row);
  c.header("etag", version);
  if (c.req.method === "GET" && listTags(c.req.header("if-none-match")).includes(version)) {
    return c.body(null, 304);
  }
  return sendScim(c, body, status);
}

export function requireVersion(c: ScimContext, row: VersionedRow): void {
  const wanted = listTags(c.req.header("if-match"));
  if (wanted.length === 0 || wanted.includes("*") || wanted.includes(versionOf(row))) return;
  throw new ScimError(412, "The resource has changed since it was read. Read it again.");
}

const listTags = (header: string | undefined) =>
  (header ?? "").split(",").flatMap((tag) => (tag.trim() === "" ? [] : [tag.trim()]));
