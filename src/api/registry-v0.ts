/**
 * The official MCP registry protocol, /v0.1, per tenant, as VS Code and GitHub Copilot use it. Most clients send no
 * credentials, so the path decides about access: either the tenant has published its registry at its slug, or the
 * client has a URL with a secret. A read with a credential is that of a member: it needs no public registry, and shows of
 * the gateway's own servers those that the member can use. Publishing always requires a credential.
 */

import type { Context } from "hono";
import { Hono } from "hono";
import { except } from "hono/combine";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { sha256Hex } from "../core/digest.ts";
import { ForbiddenError, NotFoundError } from "../core/errors.ts";
import {
  findOwnRegistry,
  findTenantOfPublicRegistry,
  findTenantOfRegistryPath,
} from "../db/queries/access/registry-paths.ts";
import { findEntryVersion, listEntries, listVersions } from "../db/queries/registry/entries.ts";
import type { Queries } from "../db/queries/shared/queries.ts";
import type { Principal } from "../identity/principal.ts";
import { rejectBlockedAddress, unauthenticated } from "../middleware/admission.ts";
import { type GuardedEnv, requirePermission } from "../middleware/require-permission.ts";
import { serverNotFoundError } from "../registry/entries.ts";
import { type RegistryEntry, toOfficialEntry } from "../registry/official-entry.ts";
import { parseCursor } from "./http/cursors.ts";
import { body, params, query } from "./http/validate.ts";
import { REGISTRY_PATH } from "./registry/paths.ts";
import { editVersion, endVersion, publish, setStatus } from "./registry/publishing.ts";
import type { RegistryEnv } from "./registry/registry-context.ts";
import { formatEntryCursor, listCursor, listQuery, oneQuery, statusBody } from "./registry/v0-schemas.ts";
import { loadVisibility } from "./servers/visible.ts";

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const hasCredential = ({ req }: Context) =>
  req.header("authorization") !== undefined || req.header("x-api-key") !== undefined;

async function findRegistry(db: Queries, base: string, reader: Principal | undefined) {
  if (REGISTRY_PATH.test(base)) return findTenantOfRegistryPath(db, await sha256Hex(base));
  if (!SLUG.test(base)) return [];
  const own = reader === undefined ? [] : await findOwnRegistry(db, base, reader.tenantId);
  return own.length > 0 ? own : findTenantOfPublicRegistry(db, base);
}

const registry = createMiddleware<RegistryEnv>(async (c, next) => {
  const base = c.req.param("base") ?? "";
  const isRead = c.req.method === "GET";
  const reader = isRead ? c.get("principal") : undefined;
  const [tenant] = await findRegistry(c.get("services").database.asSystem(), base, reader);
  if (tenant === undefined) throw new NotFoundError("Registry not found. Check the URL.");
  await rejectBlockedAddress(c, tenant.id);
  const { mcpUrl } = c.get("config");
  // With anonymous access the URL contains the tenant's slug; otherwise the caller's credential determines the tenant.
  const endpointUrl = tenant.isOpen ? `${mcpUrl}/t/${tenant.slug}/mcp` : `${mcpUrl}/mcp`;
  const endpoints = { endpointOf: (name: string) => `${endpointUrl}/${encodeURIComponent(name)}` };
  const allows =
    reader?.tenantId === tenant.id
      ? await loadVisibility({
          var: { principal: reader, services: c.get("services") },
          executionCtx: c.executionCtx,
        })
      : () => true;
  const isVisible = ({ serverId, serverName }: RegistryEntry) =>
    serverId === null || serverName === null || allows("server", serverId, serverName);
  const isPublic = SLUG.test(base);
  c.set("registry", { tenantId: tenant.id, isPublic, endpoints, isVisible });
  await next();
  const scope = isPublic && reader === undefined ? "public" : "private";
  c.header("cache-control", isRead && c.res.ok ? `${scope}, max-age=60` : "no-store");
  if (isRead) c.header("vary", "authorization, x-api-key", { append: true });
});

/** Publishing is for the tenant's own, by whichever of its paths. */
const own = createMiddleware<RegistryEnv & GuardedEnv>(async (c, next) => {
  if (c.get("principal").tenantId !== c.get("registry").tenantId) {
    throw new ForbiddenError("This registry belongs to another tenant. Use the URL of your own.");
  }
  await next();
});

const reader = (c: Context<RegistryEnv>) => {
  const { tenantId, endpoints, isVisible } = c.get("registry");
  const db = c.get("services").database.withTenant(tenantId, "read");
  return { tenantId, db, isVisible, shown: (entry: RegistryEntry) => toOfficialEntry(entry, endpoints) };
};

const serverParam = z.object({ base: z.string(), server: z.string().max(300) });
const versionParam = serverParam.extend({ version: z.string().max(300) });

export const registryV0 = new Hono<RegistryEnv>()
  .use(
    cors({
      origin: "*",
      allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
      allowHeaders: ["Authorization", "Content-Type"],
      maxAge: 86_400,
    }),
  )
  // Nothing is looked up for a request that has not been admitted: writes by the guard of their route.
  .get(
    "/:base/v0.1/*",
    except(hasCredential, unauthenticated("general")),
    except((c) => !hasCredential(c), requirePermission("registry-entries.list")),
    registry,
  )
  .get("/:base/v0.1/servers", query(listQuery), async (c) => {
    const { cursor, limit, ...asked } = c.req.valid("query");
    const { tenantId, db, isVisible, shown } = reader(c);
    // VS Code drops its search words on the second page, so what is searched for travels in the cursor.
    const { after, ...filter } = parseCursor(listCursor, cursor) ?? { after: undefined, ...asked };
    const { updated_since: updatedSince, include_deleted: includeDeleted, search, version } = filter;
    const rows = await listEntries(db, tenantId, {
      ...{ search, version, after },
      updatedSince,
      includeDeleted: includeDeleted || updatedSince !== undefined,
      limit: limit + 1,
    });
    const taken = rows.slice(0, limit);
    const last = rows.length > limit ? taken.at(-1) : undefined;
    const page = taken.filter(isVisible);
    return c.json({
      servers: page.map(shown),
      metadata: {
        count: page.length,
        ...(last !== undefined && { nextCursor: formatEntryCursor(last, filter) }),
      },
    });
  })
  .get("/:base/v0.1/servers/:server/versions", params(serverParam), query(oneQuery), async (c) => {
    const { tenantId, db, isVisible, shown } = reader(c);
    const { include_deleted } = c.req.valid("query");
    const found = await listVersions(db, tenantId, c.req.valid("param").server, include_deleted);
    const rows = found.filter(isVisible);
    if (rows.length === 0) throw serverNotFoundError();
    return c.json({ servers: rows.map(shown), metadata: { count: rows.length } });
  })
  .get("/:base/v0.1/servers/:server/versions/:version", params(versionParam), query(oneQuery), async (c) => {
    const { tenantId, db, isVisible, shown } = reader(c);
    const { server: name, version } = c.req.valid("param");
    const { include_deleted: includeDeleted } = c.req.valid("query");
    const [entry] = await findEntryVersion(db, tenantId, { name, version, includeDeleted });
    if (entry === undefined || !isVisible(entry)) throw serverNotFoundError();
    return c.json(shown(entry));
  })
  .post(
    "/:base/v0.1/publish",
    requirePermission("registry-entries.publish"),
    registry,
    own,
    body(z.unknown()),
    async (c) => c.json(await publish(c, c.req.valid("json"))),
  )
  .put(
    "/:base/v0.1/servers/:server/versions/:version",
    requirePermission("registry-entries.publish"),
    registry,
    own,
    params(versionParam),
    body(z.unknown()),
    async (c) => c.json(await editVersion(c, c.req.valid("param"), c.req.valid("json"))),
  )
  .delete(
    "/:base/v0.1/servers/:server/versions/:version",
    requirePermission("registry-entries.publish"),
    registry,
    own,
    params(versionParam),
    async (c) => c.json(await endVersion(c, c.req.valid("param"))),
  )
  .patch(
    "/:base/v0.1/servers/:server/versions/:version/status",
    requirePermission("registry-entries.publish"),
    registry,
    own,
    params(versionParam),
    body(statusBody),
    async (c) => {
      const [one] = await setStatus(c, c.req.valid("param"), c.req.valid("json"));
      if (one === undefined) throw serverNotFoundError();
      return c.json(one);
    },
  )
  .patch(
    "/:base/v0.1/servers/:server/status",
    requirePermission("registry-entries.publish"),
    registry,
    own,
    params(serverParam),
    body(statusBody),
    async (c) => {
      const servers = await setStatus(c, c.req.valid("param"), c.req.valid("json"));
      return c.json({ updatedCount: servers.length, servers });
    },
  );
