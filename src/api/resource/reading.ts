/** The two routes by which things are read: page by page, and one by its id. */
import { and } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { capitalize } from "../../core/capitalize.ts";
import { NotFoundError } from "../../core/errors.ts";
import { type CrudRow, findRow, listRows } from "../../db/queries/shared/crud.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsPage } from "../http/responses.ts";
import {
  cursorPage,
  fieldNames,
  listQuery,
  openCursor,
  parseSort,
  pickFields,
} from "../http/sorted-lists.ts";
import { params, query } from "../http/validate.ts";
import { containing, equalTo } from "./conditions.ts";
import type { ReadOnlyResource } from "./define.ts";
import { type ApiContext, type ResourceScope, tenantScope } from "./scope.ts";

const paging = z.object({
  limit: z.number(),
  cursor: z.string().optional(),
  sort: z.array(z.string()),
  fields: z.array(z.string()).optional(),
});

export async function requireRow(
  c: ApiContext,
  kind: ReadOnlyResource,
  reach: ResourceScope,
  id: string,
): Promise<CrudRow> {
  const [row] = await findRow(reach.db(c), kind.table, kind.columns, reach.owner(c), id);
  if (row === undefined) throw new NotFoundError(`${capitalize(kind.noun)} not found.`);
  return row;
}

export function reading(
  kind: ReadOnlyResource,
  actions: { list: Permission; read: Permission },
  reach: ResourceScope = tenantScope,
) {
  const { noun, shape, sorts, searched } = kind;
  const members = Object.keys(shape.shape);
  const asked = listQuery(sorts, shape).extend({
    ...kind.filterShape,
    ...(searched.length > 0 && { q: z.string().min(1).max(200).optional() }),
  });
  const says = "A page of results.";
  return new Hono<AppEnv>()
    .get("/", requirePermission(actions.list), query(asked), respondsPage(shape, says), async (c) => {
      const wanted: CrudRow = c.req.valid("query");
      const { limit, cursor, sort, fields = members } = paging.parse(wanted);
      const { tenantId } = c.var.principal;
      const scope = { keyring: c.var.services.keyring, tenantId, list: `${c.req.path}?${sort.join()}` };
      const rows = await listRows(reach.db(c), {
        ...{ table: kind.table, columns: kind.columns, owner: reach.owner(c) },
        where: and(equalTo(kind.filters, wanted), containing(searched, wanted.q)),
        order: parseSort(sorts, sort),
        after: await openCursor(scope, cursor),
        limit: limit + 1,
      });
      return c.json(
        await cursorPage(scope, rows, limit, (page) =>
          page.map((row) => pickFields(kind.present(row), fields)),
        ),
      );
    })
    .get(
      "/:id",
      requirePermission(actions.read),
      params(idParam),
      query(z.object({ fields: fieldNames(shape) })),
      responds(shape, `The ${noun}.`),
      async (c) => {
        const row = await requireRow(c, kind, reach, c.req.valid("param").id);
        if (kind.changeable.length > 0) await setEtag(c, row, kind.changeable);
        return c.json(pickFields(kind.present(row), c.req.valid("query").fields ?? members));
      },
    );
}
