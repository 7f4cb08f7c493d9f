/**
 * Describes a kind of record that admins manage: its table, its writable members, its list. From that come
 * its routes (collection.ts), their description, and its place in the configuration file.
 */
import type { PgColumn } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { CrudResourceName } from "../../core/access/crud-permissions.ts";
import { capitalize } from "../../core/capitalize.ts";
import type { InputIssue } from "../../core/errors.ts";
import type { Db } from "../../db/client.ts";
import type { Columns, CrudRow, CrudTable, DatedTable, RowOwner } from "../../db/queries/shared/crud.ts";
import { sortKey } from "../../db/queries/shared/sort.ts";
import type { Sorts } from "../http/sorted-lists.ts";
import type { ApiContext } from "./scope.ts";
import { columnFilter, rowShape, selectColumns } from "./shape.ts";

/** The context in which a row is checked against other records. */
export interface PresentContext {
  readonly db: Db;
  readonly owner: RowOwner;
  /** Servers that will be there when the row is. */
  readonly coming?: ReadonlySet<string>;
}

/** What lists and single things are read by. */
export interface ReadOnlyResource {
  /** In the singular, for messages. */
  readonly noun: string;
  readonly table: CrudTable;
  readonly columns: Columns;
  readonly shape: z.ZodObject;
  readonly sorts: Sorts;
  readonly filters: Columns;
  readonly filterShape: z.ZodRawShape;
  /** Text that `q` looks into. */
  readonly searched: readonly PgColumn[];
  /** The fields that the ETag covers; empty for resources that cannot be changed. */
  readonly changeable: readonly string[];
  /** A row as it may be shown. */
  readonly present: (row: CrudRow) => CrudRow;
}

/** What a kind does beyond writing its row. */
export interface ResourceHooks {
  /** The row's values as they are stored. */
  readonly prepare?: (c: ApiContext, values: CrudRow, before: CrudRow | undefined) => Promise<CrudRow>;
  /** Written in the same batch. */
  readonly alongside?: (c: ApiContext, db: Db, row: CrudRow) => readonly Statement[];
  /** Throws for a row that must stay. */
  readonly assertDeletable?: (row: CrudRow) => void;
  /** What is not deleted while other rows refer to it. */
  readonly use?: {
    /**
     * For references without a foreign key: follows the deletion in its batch, and ends the batch (22012) if a row refers
     * to what was deleted.
     */
    readonly assertUnused?: (db: Db, owner: string, id: string) => Statement;
    /** In a sentence, what to do first. */
    readonly advice: string;
  };
  /** After the row has been deleted: ends what it stood for elsewhere. */
  readonly removed?: (c: ApiContext, row: CrudRow, owner: RowOwner) => Promise<void>;
}

/** As a batch takes it. */
export type Statement = Parameters<Db["batch"]>[0][number];

export interface Resource extends ReadOnlyResource {
  readonly name: CrudResourceName;
  readonly table: DatedTable;
  readonly create: z.ZodObject;
  readonly change: z.ZodType<CrudRow>;
  /** Checks across members. */
  readonly whole: z.ZodType | undefined;
  readonly faults: ((look: PresentContext, row: CrudRow) => Promise<readonly InputIssue[]>) | undefined;
  readonly hooks: ResourceHooks;
}

type Names<T extends CrudTable> = readonly (string & keyof T["$inferInsert"])[];

export interface ReadOnlyResourceSpec<T extends CrudTable> {
  readonly noun: string;
  readonly table: T;
  /** What is never shown. */
  readonly hidden?: Names<T>;
  /** What cannot be derived from its columns about its representation. */
  readonly known?: Readonly<Record<string, z.ZodType>>;
  readonly sorts: Names<T>;
  readonly usual: string;
  readonly filters?: Names<T>;
  readonly searched?: Names<T>;
  readonly changeable?: readonly string[];
  readonly present?: (row: CrudRow) => CrudRow;
}

export function defineReadOnlyResource<T extends CrudTable>(spec: ReadOnlyResourceSpec<T>): ReadOnlyResource {
  const { noun, table, hidden = [] } = spec;
  const columns = selectColumns(table, hidden);
  // A system-wide row has no tenant. Where all rows have one, the tenant ID is omitted.
  const shown = selectColumns(table, table.tenantId.notNull ? [...hidden, "tenantId"] : hidden);
  const pick = (names: readonly string[] = []): Columns =>
    Object.fromEntries(names.flatMap((each) => (columns[each] === undefined ? [] : [[each, columns[each]]])));
  const filters = pick(spec.filters);
  return {
    noun,
    table,
    columns,
    shape: rowShape(shown, spec.known).meta({ id: resourceName(noun) }),
    sorts: {
      keys: Object.fromEntries(
        Object.entries(pick(spec.sorts)).map(([each, column]) => [each, sortKey(column)]),
      ),
      usual: spec.usual,
      id: table.id,
    },
    filters,
    filterShape: Object.fromEntries(
      Object.entries(filters).map(([each, column]) => [each, columnFilter(column).optional()]),
    ),
    searched: Object.values(pick(spec.searched)),
    changeable: spec.changeable ?? [],
    present: spec.present ?? ((row) => row),
  };
}

type Fields<T extends DatedTable> = {
  readonly [Name in keyof T["$inferInsert"]]?: z.ZodType<T["$inferInsert"][Name]>;
};

export interface ResourceSpec<T extends DatedTable> extends Omit<ReadOnlyResourceSpec<T>, "changeable"> {
  readonly name: CrudResourceName;
  /** What may be written. Whatever the table has no default for must be there when a thing is made. */
  readonly fields: Fields<T>;
  /** Written when the thing is made, and never changed. */
  readonly fixed?: Names<T>;
  readonly whole?: z.ZodType;
  readonly faults?: Resource["faults"];
  readonly hooks?: ResourceHooks;
  /** Makes a thing; for the description, and for the contract test. */
  readonly example: CrudRow;
}

export function defineResource<T extends DatedTable>(spec: ResourceSpec<T>): Resource {
  const { name, table, fixed = [], example } = spec;
  const columns = selectColumns(table);
  const fields = Object.fromEntries(
    Object.entries(spec.fields).flatMap(([each, type]) => (type instanceof z.ZodType ? [[each, type]] : [])),
  );
  const create = Object.fromEntries(
    Object.entries(fields).map(([each, type]) => [each, isRequired(columns[each]) ? type : type.optional()]),
  );
  const changeable = Object.keys(fields).filter((each) => !fixed.some((one) => one === each));
  const change = Object.fromEntries(changeable.map((each) => [each, (fields[each] ?? z.never()).optional()]));
  return {
    ...defineReadOnlyResource({ ...spec, changeable }),
    name,
    table,
    create: z.strictObject(create).meta({ examples: [example] }),
    change: z
      .strictObject(change)
      .refine((wanted) => Object.keys(wanted).length > 0, "Provide at least one field to update.")
      .meta({ examples: [pickChange(example, changeable)] }),
    whole: spec.whole,
    faults: spec.faults,
    hooks: spec.hooks ?? {},
  };
}

/** As OpenAPI names it: RoutingRule. */
const resourceName = (noun: string) => noun.split(" ").map(capitalize).join("");

const isRequired = (column: PgColumn | undefined) => column?.notNull === true && !column.hasDefault;

function pickChange(example: CrudRow, changeable: readonly string[]): CrudRow {
  const name = changeable.find((each) => each in example) ?? "";
  return { [name]: example[name] };
}
