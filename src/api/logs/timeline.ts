/**
 * Lists of log records, newest first, of the last day unless a period is given: `?from=…&to=…`, and by whatever
 * members the kind of record can be searched by.
 */

import { and, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { z } from "zod";
import { DAY_MS } from "../../core/durations.ts";
import { listRecords, type RecordTable } from "../../db/queries/logs/timelines.ts";
import type { Columns, CrudRow } from "../../db/queries/shared/crud.ts";
import { pageQuery } from "../http/cursors.ts";
import { cursorPage, fieldNames, openCursor, pickFields } from "../http/sorted-lists.ts";
import { moment } from "../http/times.ts";
import { atLeast, containing, equalTo } from "../resource/conditions.ts";
import type { ApiContext } from "../resource/scope.ts";
import { columnFilter, rowShape, selectColumns } from "../resource/shape.ts";

export interface TimelineSpec<T extends RecordTable> {
  readonly table: T;
  readonly time: string & keyof T["$inferSelect"];
  readonly hidden?: readonly (string & keyof T["$inferSelect"])[];
  /** By equality; texts also by how they begin. */
  readonly filters?: readonly (string & keyof T["$inferSelect"])[];
  /** Names of parameters, and the columns that must hold at least so much. */
  readonly least?: Readonly<Record<string, string & keyof T["$inferSelect"]>>;
  /** Text that `q` looks into. */
  readonly searched?: readonly (string & keyof T["$inferSelect"])[];
}

export interface Timeline {
  readonly shape: z.ZodObject;
  readonly query: z.ZodObject;
  readonly list: (c: ApiContext, filters: CrudRow, condition?: SQL) => Promise<object>;
}

const base = z.object({
  limit: z.number(),
  cursor: z.string().optional(),
  from: z.date().optional(),
  to: z.date().optional(),
  fields: z.array(z.string()).optional(),
});

export function createTimeline<T extends RecordTable>(spec: TimelineSpec<T>): Timeline {
  const { table, hidden = [], filters = [], least = {}, searched = [] } = spec;
  const columns = selectColumns(table, [...hidden, "tenantId", "createdAt"]);
  const shape = rowShape(columns);
  const pick = (names: readonly string[]): Columns =>
    Object.fromEntries(names.flatMap((name) => (columns[name] === undefined ? [] : [[name, columns[name]]])));
  const equals = pick(filters);
  const leasts = Object.fromEntries(
    Object.entries(least).flatMap(([name, column]): [string, PgColumn][] =>
      columns[column] === undefined ? [] : [[name, columns[column]]],
    ),
  );
  const time = columns[spec.time];
  if (time === undefined) throw new TypeError(`time is required for the timeline: ${spec.time}`);
  const query = pageQuery.extend({
    from: moment.optional().meta({ description: "Default: 24 hours before the end." }),
    to: moment.optional().meta({ description: "Exclusive end. Default: now." }),
    fields: fieldNames(shape),
    ...Object.fromEntries(
      Object.entries(equals).map(([name, column]) => [name, columnFilter(column).optional()]),
    ),
    ...Object.fromEntries(
      Object.keys(leasts).map((name) => [name, z.coerce.number().min(0).max(1e12).optional()]),
    ),
    ...(searched.length > 0 && { q: z.string().min(1).max(200).optional() }),
  });
  return {
    shape,
    query,
    async list(c, asked, condition) {
      const { limit, cursor, fields, from, to = new Date() } = base.parse(asked);
      const { principal, db, services } = c.var;
      const { tenantId } = principal;
      const scope = { keyring: services.keyring, tenantId, list: c.req.path };
      const period = { from: from ?? new Date(to.getTime() - DAY_MS), to };
      const rows = await listRecords(db, {
        ...{ table, columns, time, tenantId, period, limit: limit + 1 },
        where: and(
          condition,
          equalTo(equals, asked),
          atLeast(leasts, asked),
          containing(Object.values(pick(searched)), asked.q),
        ),
        after: await openCursor(scope, cursor),
      });
      return cursorPage(scope, rows, limit, (page) =>
        page.map(({ place: _, ...row }) => pickFields(row, fields)),
      );
    },
  };
}
