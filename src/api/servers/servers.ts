/** The tenant's MCP servers: registered, found, changed, taken out. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { GatewayError, InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { isStaleWrite } from "../../db/errors.ts";
import { findServersByEndpoint } from "../../db/queries/servers/server-lists.ts";
import {
  assertPlanCapacity,
  deleteServer,
  findServer,
  insertServer,
  lockTenant,
  relevance,
  searchServers,
  serverSorts,
  updateServer,
} from "../../db/queries/servers/servers.ts";
import { assertUnchanged } from "../../db/queries/shared/crud.ts";
import { mcpServers } from "../../db/schema/registry.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireIfMatch, requireMatch, setEtag, staleError } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import { responds, respondsEmpty, respondsPage } from "../http/responses.ts";
import {
  cursorPage,
  fieldNames,
  listQuery,
  openCursor,
  parseSort,
  pickFields,
  type Sorts,
} from "../http/sorted-lists.ts";
import { body, params, query } from "../http/validate.ts";
import { mapDatabaseErrors } from "../resource/database-errors.ts";
import type { ApiContext } from "../resource/scope.ts";
import {
  findGivenUrlFaults,
  recordedAuth,
  rejectDuplicate,
  rejectMovedCredential,
  rejectUrl,
  sealCredential,
  stdioUrl,
} from "./credentials.ts";
import { discoverLater } from "./discover.ts";
import { CHANGEABLE, newServer, serverChange, serverFilters, serverShape } from "./schemas.ts";
import { isAdmin, presentServer, requireServer } from "./show.ts";
import { loadVisibility } from "./visible.ts";

const sorts: Sorts = { keys: serverSorts, usual: "name", id: mcpServers.id };
/** Words bring an order of their own. */
const sortsOfWords: Sorts = { ...sorts, keys: { ...serverSorts, relevance } };

const asked = listQuery(sortsOfWords, serverShape).extend(serverFilters.shape);

const resource = (id: string) => ({ type: "server", id });
const ATTEMPTS = 3;

const judgeAddress = (value: unknown, c: Context<AppEnv>) =>
  findGivenUrlFaults(value, c.get("services").upstream.urlPolicy);

export const servers = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("servers.list"),
    query(asked),
    respondsPage(serverShape, "Servers the caller can access."),
    async (c) => {
      const { limit, cursor, sort, fields, q: words, ...filter } = c.req.valid("query");
      const { principal, db, services } = c.var;
      const order = orderOfSearch(c, sort, words !== undefined);
      const scope = {
        keyring: services.keyring,
        tenantId: principal.tenantId,
        list: `servers?${order.keys.map(({ descending, type }) => `${descending}${type}`).join()}${sort.join()}`,
      };
      const [allows, after] = [await loadVisibility(c), await openCursor(scope, cursor)];
      const rows = await searchServers(db, principal.tenantId, {
        filter: { ...filter, words },
        order,
        after,
        limit: limit + 1,
      });
      const page = await cursorPage(scope, rows, limit, (found) =>
        found
          .filter(({ id, name }) => allows("server", id, name))
          .map(({ place: _, ...row }) => pickFields(presentServer(row, isAdmin(c)), fields)),
      );
      return c.json(page);
    },
  )
  .post(
    "/",
    requirePermission("servers.create"),
    idempotent,
    body(newServer, judgeAddress),
    responds(serverShape, "The created server.", 201),
    async (c) => {
      const { auth, evenIfRegistered, discover, ...wanted } = c.req.valid("json");
      const { principal, db, services } = c.var;
      const { tenantId } = principal;
      const transportType = wanted.transportType ?? "http";
      const { endpointUrl = stdioUrl(wanted.name) } = wanted;
      const id = uuidv7();
      const authConfig = await sealCredential(services.keyring, id, auth);
      if (!evenIfRegistered) {
        const others = await findServersByEndpoint(db, tenantId, endpointUrl, transportType);
        await rejectDuplicate(services.keyring, { id, authConfig }, others);
      }
      const values = {
        ...omitUndefined(wanted),
        ...{ id, tenantId, name: wanted.name, endpointUrl },
        authConfig,
        createdBy: principal.userId,
      };
      const { authConfig: _, ...written } = values;
      const after = { ...written, ...recordedAuth(auth) };
      const what = { action: "servers.create", resource: resource(id), after };
      const [, , [made]] = await mapDatabaseErrors("server", () =>
        commitWithAudit(c, what, (audit) =>
          db.batch([
            lockTenant(db, tenantId),
            assertPlanCapacity(db, tenantId),
            insertServer(db, values),
            audit,
          ]),
        ).catch((error: unknown) => {
          if (!isStaleWrite(error)) throw error;
          throw new GatewayError("conflict", "Plan limit reached: servers.");
        }),
      );
      if (made === undefined) throw new Error("a server that was just written is not there");
      // A connector that dials in has the server discovered.
      if (discover && made.isActive && transportType !== "stdio") discoverLater(c, id);
      await setEtag(c, made, CHANGEABLE);
      c.header("location", `${c.req.path}/${id}`);
      return c.json(presentServer(made, true), 201);
    },
  )
  .get(
    "/:id",
    requirePermission("servers.read"),
    params(idParam),
    query(z.object({ fields: fieldNames(serverShape) })),
    responds(serverShape, "The server."),
    async (c) => {
      const server = await requireServer(c, c.req.valid("param").id);
      await setEtag(c, server, CHANGEABLE);
      return c.json(pickFields(presentServer(server, isAdmin(c)), c.req.valid("query").fields));
    },
  )
  .patch(
    "/:id",
    requirePermission("servers.update"),
    params(idParam),
    requireIfMatch,
    body(serverChange),
    responds(serverShape, "The updated server."),
    async (c) => {
      const { principal, db, services } = c.var;
      const { auth, ...wanted } = c.req.valid("json");
      const { id } = c.req.valid("param");
      const authConfig = auth && (await sealCredential(services.keyring, id, auth));
      const values = { ...omitUndefined(wanted), ...(authConfig !== undefined && { authConfig }) };
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const before = await requireServer(c, id);
        await requireMatch(c, before, CHANGEABLE);
        const after = { ...before, ...values };
        if (wanted.endpointUrl !== undefined || wanted.transportType !== undefined) {
          rejectUrl(after.endpointUrl, after.transportType, services.upstream.urlPolicy);
        }
        const recorded = { ...before, ...omitUndefined(wanted), ...(auth && recordedAuth(auth)) };
        const what = { action: "servers.update", resource: resource(id), before, after: recorded };
        if (auth === undefined) rejectMovedCredential(before, after.endpointUrl);
        try {
          const [, [now]] = await mapDatabaseErrors("server", () =>
            commitWithAudit(c, what, (audit) =>
              db.batch([
                assertUnchanged(db, mcpServers, id, before.updatedAt),
                updateServer(db, principal.tenantId, id, values),
                audit,
              ]),
            ),
          );
          if (now === undefined) break;
          await setEtag(c, now, CHANGEABLE);
          return c.json(presentServer(now, true));
        } catch (error) {
          if (!isStaleWrite(error)) throw error;
        }
      }
      throw staleError();
    },
  )
  .delete(
    "/:id",
    requirePermission("servers.delete"),
    params(idParam),
    respondsEmpty("Deleted, including dependent records."),
    async (c) => {
      const { principal, db } = c.var;
      const [before] = await findServer(db, principal.tenantId, c.req.valid("param").id);
      if (before === undefined) throw new NotFoundError("Server not found.");
      const what = { action: "servers.delete", resource: resource(before.id), before };
      await commitWithAudit(c, what, (audit) =>
        db.batch([deleteServer(db, principal.tenantId, before.id), audit]),
      );
      return c.body(null, 204);
    },
  );

/** A search without an explicit order is sorted by relevance. */
function orderOfSearch(c: ApiContext, sort: readonly string[], hasWords: boolean) {
  if (hasWords) {
    return parseSort(sortsOfWords, c.req.query("sort") === undefined ? ["-relevance", "name"] : sort);
  }
  if (sort.some((name) => name.endsWith("relevance"))) {
    throw new InvalidInputError([{ path: "sort", message: "relevance requires q" }]);
  }
  return parseSort(sorts, sort);
}
