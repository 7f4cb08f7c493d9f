/** The registry from the inside: what it holds and where from, taking in single entries, and putting them to use. */
import { Hono } from "hono";
import { z } from "zod";
import { ENTRY_STATUSES } from "../../core/enums.ts";
import { NotFoundError } from "../../core/errors.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import { findEntry, insertEntry, listEntries } from "../../db/queries/registry/entries.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { acceptServerJson, alreadyPublishedError, createEntry } from "../../registry/entries.ts";
import { updateLatestVersions } from "../../registry/latest-version.ts";
import type { RegistryEntry } from "../../registry/official-entry.ts";
import { syncSource } from "../../registry/sync.ts";
import { buildPage, pageQuery, parseCursor } from "../http/cursors.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { body, params, query } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { serverShape } from "../servers/schemas.ts";
import { requireServer } from "../servers/show.ts";
import { register, registration } from "./register.ts";

const shape = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.string(),
  status: z.enum(ENTRY_STATUSES),
  statusMessage: z.string().nullable(),
  statusChangedAt: z.iso.datetime(),
  isStatusLocal: z.boolean().describe("Status overridden locally; the source's status is ignored."),
  isLatest: z.boolean(),
  sourceId: z.uuid().nullable().describe("Null: published on this gateway."),
  serverId: z.uuid().nullable().describe("The server registered from this entry."),
  serverName: z.string().nullable(),
  publishedAt: z.iso.datetime(),
  publishedBy: z.string().nullable().describe("The user who added it here. Null: a source or an API key."),
  updatedAt: z.iso.datetime(),
  server: z.record(z.string(), z.unknown()).describe("Its server.json."),
});

const versionPlace = z.object({ name: z.string(), version: z.string() });
const asked = pageQuery.extend({
  search: z.string().min(1).max(200).optional(),
  version: z.string().min(1).max(255).optional().meta({ description: "`latest`, or an exact version." }),
  includeDeleted: z.stringbool().default(false),
});

const ofServer = z
  .strictObject({
    serverId: z.uuid(),
    name: z.string().min(3).max(200),
    version: z.string().min(1).max(255),
    title: z.string().min(1).max(100).optional(),
    description: z.string().min(1).max(100).optional(),
  })
  .meta({
    examples: [
      { serverId: "01890a5d-ac96-774b-bcce-b302099a8057", name: "com.example/files", version: "1.0.0" },
    ],
  });

const imported = z.strictObject({ server: z.record(z.string(), z.unknown()) }).meta({
  examples: [
    { server: { name: "com.example/weather", description: "Weather forecasts.", version: "1.0.0" } },
  ],
});

async function entryFor(c: ApiContext, id: string): Promise<RegistryEntry> {
  const [entry] = await findEntry(c.get("db"), c.get("principal").tenantId, id);
  if (entry === undefined) throw new NotFoundError("Registry entry not found.");
  return entry;
}

async function takeIn(
  c: ApiContext,
  given: unknown,
  action: string,
  serverId?: string,
): Promise<RegistryEntry> {
  const { principal, db } = c.var;
  const server = acceptServerJson(given);
  const linked = serverId !== undefined && { serverId };
  const values = { ...createEntry(principal.tenantId, server, principal.userId), ...linked };
  const what = { action, resource: { type: "registry entry", id: values.id }, after: values };
  try {
    await commitWithAudit(c, what, (audit) => db.batch([insertEntry(db, values), audit]));
  } catch (error) {
    throw isUniqueViolation(error) ? alreadyPublishedError(server) : error;
  }
  await updateLatestVersions(db, principal.tenantId, [server.name]);
  return entryFor(c, values.id);
}

export const registryEntries = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("registry-entries.list"),
    query(asked),
    respondsPage(shape, "By name and version."),
    async (c) => {
      const { limit, cursor, ...filter } = c.req.valid("query");
      const after = parseCursor(versionPlace, cursor);
      const { tenantId } = c.var.principal;
      const rows = await listEntries(c.var.db, tenantId, { ...filter, after, limit: limit + 1 });
      return c.json(buildPage(rows, limit, ({ name, version }) => ({ name, version })));
    },
  )
  .post(
    "/",
    requirePermission("registry-entries.import"),
    idempotent,
    body(imported),
    responds(shape, "The imported entry.", 201),
    async (c) => c.json(await takeIn(c, c.req.valid("json").server, "registry-entries.import"), 201),
  )
  .post(
    "/by-server",
    requirePermission("registry-entries.import"),
    idempotent,
    body(ofServer),
    responds(shape, "The entry, with the remote of this gateway.", 201),
    async (c) => {
      const { serverId, ...given } = c.req.valid("json");
      const server = await requireServer(c, serverId);
      const title = given.title ?? server.title?.slice(0, 100);
      const description = given.description ?? (server.description ?? server.name).slice(0, 100);
      const json = { ...given, description, ...(title !== undefined && { title }) };
      return c.json(await takeIn(c, json, "registry-entries.import", server.id), 201);
    },
  )
  .get(
    "/:id",
    requirePermission("registry-entries.read"),
    params(idParam),
    responds(shape, "The entry."),
    async (c) => c.json(await entryFor(c, c.req.valid("param").id)),
  )
  .post(
    "/:id/register",
    requirePermission("registry-entries.register"),
    params(idParam),
    body(registration),
    responds(serverShape, "The server registered from this entry.", 201),
    async (c) =>
      c.json(await register(c, await entryFor(c, c.req.valid("param").id), c.req.valid("json")), 201),
  );

const outcome = z.object({
  state: z.enum(["done", "more", "failed"]),
  taken: z.number().describe("New and updated entries."),
  skipped: z.number().describe("Invalid entries."),
  message: z.string().nullable(),
});

/** Now, instead of when its time has come. */
export const synchronisation = new Hono<AppEnv>().post(
  "/:id/sync",
  requirePermission("registry-sources.synchronise"),
  params(idParam),
  responds(outcome, "Result of the sync. Remaining pages are synced in the background."),
  async (c) => {
    const { services, principal } = c.var;
    const of = { tenantId: principal.tenantId, sourceId: c.req.valid("param").id };
    const now = new Date(Date.now() + 1);
    const done = await syncSource(services.registry, of, now);
    if (done.kind === "absent") throw new NotFoundError("Registry source not found, or disabled.");
    if (done.kind === "failed") {
      return c.json({ state: done.kind, taken: 0, skipped: 0, message: done.error.message });
    }
    if (done.kind === "more") {
      const work = { kind: "sync", minute: now.getTime() + 60_000, ...of } as const;
      await services.registryJobs.sendBatch([{ body: work }]);
    }
    return c.json({ state: done.kind, taken: done.taken, skipped: done.skipped, message: null });
  },
);
