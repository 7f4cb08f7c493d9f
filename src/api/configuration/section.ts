/**
 * A section of the configuration file: how the rows of a table are written in it, and read back. What is as it usually
 * is stays unwritten, servers are called by their names, and secrets by the names of the variables that hold them.
 */
import { is, type SQL, SQL as Sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { CrudResourceName } from "../../core/access/crud-permissions.ts";
import type { ItemContent } from "../../core/configuration/match-items.ts";
import type { InputIssue } from "../../core/errors.ts";
import { isUuid } from "../../core/ids.ts";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import type { Columns, CrudRow, DatedTable } from "../../db/queries/shared/crud.ts";
import type { PresentContext, Resource, ResourceHooks } from "../resource/define.ts";
import type { ApiContext } from "../resource/scope.ts";

export interface NameLookup {
  readonly idOf: (name: string) => string | undefined;
  readonly nameOf: (id: string) => string | undefined;
}

/** What is named in a file instead of by its ID. */
export interface ConfigurationNames {
  readonly servers: NameLookup;
  readonly groups: NameLookup;
  /** By slug. */
  readonly toolsets: NameLookup;
}

export type Reading = { readonly values: CrudRow } | { readonly faults: readonly InputIssue[] };

export interface Section {
  /** As the file's member. */
  readonly name: string;
  readonly noun: string;
  /** First half of its actions. */
  readonly action: CrudResourceName | "servers" | "access";
  readonly table: DatedTable;
  /** All that reading and writing needs. */
  readonly columns: Columns;
  /** Which of the tenant's rows are configuration. */
  readonly where?: SQL | undefined;
  readonly hooks: ResourceHooks;
  identityOf(content: ItemContent): string;
  /** Whether there can be but one thing of an identity. */
  readonly isUnique: boolean;
  /** A row in its usual form, for the file. */
  write(c: ApiContext, row: CrudRow, names: ConfigurationNames): Promise<ItemContent>;
  /** The same of what was read from a file, where that is written otherwise than a row. */
  contentOf?(values: CrudRow, names: ConfigurationNames): ItemContent;
  /** Faults of a file's content; paths are relative to the item. */
  read(look: PresentContext, item: CrudRow, names: ConfigurationNames): Promise<Reading>;
  /** What a row takes of the secrets that came along; undefined: nothing that it has not got. */
  secret?(
    c: ApiContext,
    item: CrudRow,
    secrets: Secrets,
    before: CrudRow | undefined,
  ): Promise<SecretReading>;
}

export type Secrets = Readonly<Record<string, string>>;
export type SecretReading =
  | { readonly values: CrudRow; readonly isNew: boolean }
  | { readonly fault: InputIssue };

/** A section of a kind is read by the schema that judges what comes in one by one. */
export function createSection(kind: Resource, identity: readonly string[], where?: SQL): Section {
  const fields = Object.keys(kind.create.shape);
  return {
    name: kind.name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    noun: kind.noun,
    action: kind.name,
    table: kind.table,
    columns: kind.columns,
    where,
    hooks: kind.hooks,
    isUnique: true,
    identityOf: (content) => canonicalJson(identity.map((name) => content[name] ?? null)),
    write: async (_, row, names) => toItem(row, fields, kind.columns, names),
    async read(look, item, names) {
      const { row, faults } = resolveIds(item, names);
      const parsed = kind.create.safeParse(row);
      const issues = [...faults, ...listIssues(parsed.error)];
      if (!parsed.success || issues.length > 0) return { faults: issues };
      const values = completed(parsed.data, fields, kind.columns);
      const whole = listIssues(kind.whole?.safeParse(values).error);
      const others = whole.length === 0 ? await kind.faults?.(look, values) : undefined;
      const all = [...whole, ...(others ?? [])];
      return all.length > 0 ? { faults: all } : { values };
    },
  };
}

export function listIssues(error: z.ZodError | undefined): InputIssue[] {
  return (error?.issues ?? []).map(({ path, message }) => ({
    path: `/${path.map(String).join("/")}`,
    message,
  }));
}

/** Undefined where Postgres finds it when the row is made. */
function usual(column: PgColumn | undefined): unknown {
  if (column === undefined) return undefined;
  if (column.default === undefined) return column.notNull ? undefined : null;
  if (!is(column.default, Sql)) return column.default;
  return column.dataType === "array" ? [] : undefined;
}

/** What a file leaves out is as it usually is, also where it is something else now. */
export function completed(values: CrudRow, fields: readonly string[], columns: Columns): CrudRow {
  return Object.fromEntries(
    fields.flatMap((name) => {
      const value = values[name] ?? usual(columns[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export function toItem(
  row: CrudRow,
  fields: readonly string[],
  columns: Columns,
  names: ConfigurationNames,
): ItemContent {
  const plain: unknown = JSON.parse(JSON.stringify(row));
  const known = z.record(z.string(), z.unknown()).parse(plain);
  const members = fields.flatMap((name): [string, unknown][] => {
    const value = known[name] ?? null;
    const isUsual = value === null || canonicalJson(value) === canonicalJson(usual(columns[name]) ?? null);
    return isUsual ? [] : [withName(name, value, names)];
  });
  return Object.fromEntries(members);
}

function withName(member: string, value: unknown, names: ConfigurationNames): [string, unknown] {
  if (member === "serverId") return ["server", names.servers.nameOf(String(value)) ?? value];
  if (member !== "targetServers" || !Array.isArray(value)) return [member, value];
  // Of a server that is gone only the id is left. Routing passes it over, and a file may keep it.
  return ["targetServers", value.map((id) => names.servers.nameOf(String(id)) ?? id)];
}

/** Names of servers turned into ids. */
export function resolveIds({ server, targetServers, ...item }: CrudRow, names: ConfigurationNames) {
  const faults: InputIssue[] = [];
  const idOf = (name: unknown, path: string) => {
    const id = names.servers.idOf(String(name));
    if (id === undefined) faults.push({ path, message: `unknown server: ${String(name)}` });
    return id;
  };
  const row: CrudRow = { ...item };
  if (server !== undefined && server !== null) row.serverId = idOf(server, "/server");
  if (Array.isArray(targetServers)) {
    row.targetServers = targetServers.flatMap((name, index) =>
      isUuid(String(name)) && names.servers.idOf(String(name)) === undefined
        ? String(name)
        : (idOf(name, `/targetServers/${index}`) ?? []),
    );
  }
  return { row, faults };
}
