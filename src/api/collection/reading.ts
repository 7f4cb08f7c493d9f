/** The two routes by which things are read: page by page, and one by its id. */
import { and } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { capitalize } from "../../core/capitalize.ts";
import { NotFoundError } from "../../core/errors.ts";
import { type CrudRow, findRow, listRows } from "../../db/queries/shared/crud.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../policy/guard.ts";
import { gives, givesPage } from "../answers.ts";
import { tagged } from "../etag.ts";
import { idParam } from "../key-schemas.ts";
import { fieldsOf, listQuery, only, orderOf, readPlace, sealedPage } from "../lists.ts";
import { params, query } from "../validate.ts";
import { containing, equalTo } from "./conditions.ts";
import type { Readable } from "./kind.ts";
import { ofTenant, type Reach, type Scene } from "./reach.ts";

const paging = z.object({
  limit: z.number(),
  cursor: z.string().optional(),
  sort: z.array(z.string()),
  fields: z.array(z.string()).optional(),
});

export async function found(c: Scene, kind: Readable, reach: Reach, id: string): Promise<CrudRow> {
  const [row] = await findRow(reach.db(c), kind.table, kind.columns, reach.owner(c), id);
  if (row === undefined) throw new NotFoundError(`${capitalize(kind.noun)} not found.`);
  return row;
}

export function reading(
  kind: Readable,
  actions: { list: Permission; read: Permission },
  reach: Reach = ofTenant,
) {
  const { noun, shape, sorts, searched } = kind;
  const members = Object.keys(shape.shape);
  const asked = listQuery(sorts, shape).extend({
    ...kind.filterShape,
    ...(searched.length > 0 && { q: z.string().min(1).max(200).optional() }),
  });
  const says = "A page of results.";
  return new Hono<AppEnv>()
    .get("/", requirePermission(actions.list), query(asked), givesPage(shape, says), async (c) => {
      const wanted: CrudRow = c.req.valid("query");
      const { limit, cursor, sort, fields = members } = paging.parse(wanted);
      const { tenantId } = c.var.principal;
      const scope = { keyring: c.var.services.keyring, tenantId, list: `${c.req.path}?${sort.join()}` };
      const rows = await listRows(reach.db(c), {
        ...{ table: kind.table, columns: kind.columns, owner: reach.owner(c) },
        where: and(equalTo(kind.filters, wanted), containing(searched, wanted.q)),
        order: orderOf(sorts, sort),
        after: await readPlace(scope, cursor),
        limit: limit + 1,
      });
      return c.json(
        await sealedPage(scope, rows, limit, (page) => page.map((row) => only(kind.present(row), fields))),
      );
    })
    .get(
      "/:id",
      requirePermission(actions.read),
      params(idParam),
      query(z.object({ fields: fieldsOf(shape) })),
      gives(shape, `The ${noun}.`),
      async (c) => {
        const row = await found(c, kind, reach, c.req.valid("param").id);
        if (kind.changeable.length > 0) await tagged(c, row, kind.changeable);
        return c.json(only(kind.present(row), c.req.valid("query").fields ?? members));
      },
    );
}
