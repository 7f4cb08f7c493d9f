/** What all of the tenant's servers offer, as discovery has found it: tools, resources, prompts. */
import { and } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { Hono } from "hono";
import { z } from "zod";
import { capitalize } from "../../core/capitalize.ts";
import { NotFoundError } from "../../core/errors.ts";
import { listServersByIds } from "../../db/queries/servers/servers.ts";
import { type CrudRow, type CrudTable, findRow, listRows } from "../../db/queries/shared/crud.ts";
import { sortKey } from "../../db/queries/shared/sort.ts";
import { serverPrompts, serverResources, serverTools } from "../../db/schema/registry.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import type { TargetKind } from "../../policy/access-policy.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsPage } from "../http/responses.ts";
import {
  cursorPage,
  fieldNames,
  listQuery,
  openCursor,
  parseSort,
  pickFields,
  type Sorts,
} from "../http/sorted-lists.ts";
import { params, query } from "../http/validate.ts";
import { containing, equalTo } from "../resource/conditions.ts";
import type { ApiContext } from "../resource/scope.ts";
import { columnFilter, rowShape, selectColumns } from "../resource/shape.ts";
import { loadVisibility } from "./visible.ts";

interface Offering<T extends CrudTable> {
  readonly name: "tools" | "resources" | "prompts";
  readonly kind: TargetKind;
  readonly table: T;
  /** By which rules and callers name it. */
  readonly called: string & keyof T["$inferSelect"];
  readonly sorts: readonly (string & keyof T["$inferSelect"])[];
  readonly filters: readonly (string & keyof T["$inferSelect"])[];
  readonly searched: readonly PgColumn[];
}

/** What every such row has, whichever table it is of. */
const common = z.object({
  serverId: z.string(),
  annotations: z.object({ readOnlyHint: z.boolean().optional() }).nullish().catch(null),
});
const paging = z.object({
  limit: z.number(),
  cursor: z.string().optional(),
  sort: z.array(z.string()),
  fields: z.array(z.string()).optional(),
});

function offerings<T extends CrudTable>({ name, kind, table, called, ...spec }: Offering<T>) {
  const columns = selectColumns(table, ["tenantId"]);
  const shape = rowShape(columns).extend({ serverName: z.string().nullable() });
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((each) => (columns[each] === undefined ? [] : [[each, columns[each]]])));
  const filters = pick(spec.filters);
  const sorts: Sorts = {
    keys: Object.fromEntries(
      Object.entries(pick(spec.sorts)).map(([each, column]) => [each, sortKey(column)]),
    ),
    usual: called,
    id: table.id,
  };
  const asked = listQuery(sorts, shape).extend({
    ...Object.fromEntries(
      Object.entries(filters).map(([each, column]) => [each, columnFilter(column).optional()]),
    ),
    q: z.string().min(1).max(200).optional(),
  });

  const shown = async (c: ApiContext, rows: readonly CrudRow[]) => {
    const allows = await loadVisibility(c);
    const visible = rows.filter((row) => {
      const { serverId, annotations } = common.parse(row);
      return allows(kind, serverId, String(row[called]), { readOnlyHint: annotations?.readOnlyHint });
    });
    const ids = [...new Set(visible.map((row) => common.parse(row).serverId))];
    const servers = ids.length === 0 ? [] : await listServersByIds(c.var.db, c.var.principal.tenantId, ids);
    const names = new Map(servers.map((server) => [server.id, server.name]));
    return visible.map(({ place: _, ...row }) => ({
      ...row,
      serverName: names.get(common.parse(row).serverId) ?? null,
    }));
  };

  return new Hono<AppEnv>()
    .get(
      "/",
      requirePermission(`${name}.list`),
      query(asked),
      respondsPage(shape, `Items the caller can access.`),
      async (c) => {
        const wanted: CrudRow = c.req.valid("query");
        const { limit, cursor, sort, fields } = paging.parse(wanted);
        const { db, principal, services } = c.var;
        const { tenantId } = principal;
        const scope = { keyring: services.keyring, tenantId, list: `${name}?${sort.join()}` };
        const rows = await listRows(db, {
          ...{ table, columns, owner: tenantId, order: parseSort(sorts, sort), limit: limit + 1 },
          where: and(equalTo(filters, wanted), containing(spec.searched, wanted.q)),
          after: await openCursor(scope, cursor),
        });
        const visible = await shown(c, rows.slice(0, limit));
        return c.json(
          await cursorPage(scope, rows, limit, () => visible.map((row) => pickFields(row, fields))),
        );
      },
    )
    .get(
      "/:id",
      requirePermission(`${name}.read`),
      params(idParam),
      query(z.object({ fields: fieldNames(shape) })),
      responds(shape, "The item with its definition."),
      async (c) => {
        const { db, principal } = c.var;
        const rows = await findRow(db, table, columns, principal.tenantId, c.req.valid("param").id);
        const [row] = await shown(c, rows);
        if (row === undefined) throw new NotFoundError(`${capitalize(name.slice(0, -1))} not found.`);
        return c.json(pickFields(row, c.req.valid("query").fields));
      },
    );
}

export const tools = offerings({
  name: "tools",
  kind: "tool",
  table: serverTools,
  called: "name",
  sorts: ["name", "totalCalls", "successCount", "avgExecutionTime", "lastSeenAt", "createdAt"],
  filters: ["serverId", "name", "definitionHash"],
  searched: [serverTools.name, serverTools.title, serverTools.description],
});

export const resources = offerings({
  name: "resources",
  kind: "resource",
  table: serverResources,
  called: "uriTemplate",
  sorts: ["uriTemplate", "name", "mimeType", "size", "lastSeenAt", "createdAt"],
  filters: ["serverId", "uriTemplate", "mimeType", "isTemplate", "accessPattern"],
  searched: [
    serverResources.name,
    serverResources.title,
    serverResources.uriTemplate,
    serverResources.description,
  ],
});

export const prompts = offerings({
  name: "prompts",
  kind: "prompt",
  table: serverPrompts,
  called: "name",
  sorts: ["name", "lastSeenAt", "createdAt"],
  filters: ["serverId", "name"],
  searched: [serverPrompts.name, serverPrompts.title, serverPrompts.description],
});
