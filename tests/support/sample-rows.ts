/**
 * Creates a valid row of any table from the system catalogs, so that a test over all tables includes future ones. A
 * column whose CHECK requires more than its type has an entry in SPECIAL.
 */
import { owner } from "./database.ts";

export type Row = Record<string, unknown>;

export interface Table {
  readonly name: string;
  readonly columns: readonly {
    name: string;
    type: string;
    required: boolean;
    isArray: boolean;
    labels: string[];
  }[];
  readonly primaryKey: readonly string[];
  readonly references: readonly { columns: string[]; table: string; targets: string[] }[];
}

const TABLES = `
  select c.relname as name,
    (select json_agg(json_build_object(
        'name', a.attname,
        'type', coalesce(element.typname, t.typname),
        'required', a.attnotnull and not a.atthasdef and a.attidentity = '',
        'isArray', element.oid is not null,
        'labels', (select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]') from pg_enum e
                    where e.enumtypid = coalesce(element.oid, t.oid)))
        order by a.attnum)
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      left join pg_type element on element.oid = t.typelem and t.typcategory = 'A'
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select json_agg(a.attname order by k.position)
      from pg_constraint p, unnest(p.conkey) with ordinality k (attnum, position)
      join pg_attribute a on a.attnum = k.attnum
      where p.conrelid = c.oid and p.contype = 'p' and a.attrelid = c.oid) as "primaryKey",
    (select coalesce(json_agg(json_build_object(
        'table', f.confrelid::regclass::text,
        'columns', (select json_agg(a.attname order by k.position) from unnest(f.conkey) with ordinality k (attnum, position)
                     join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum),
        'targets', (select json_agg(a.attname order by k.position) from unnest(f.confkey) with ordinality k (attnum, position)
                     join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.attnum))), '[]')
      from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as "references"
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname`;

export async function allTables(): Promise<Table[]> {
  const rows = await owner.query(TABLES);
  return rows.map((row) => ({
    name: String(row.name),
    columns: row.columns,
    primaryKey: row.primaryKey,
    references: row.references.map((reference: Table["references"][number]) => ({
      ...reference,
      table: reference.table.replaceAll('"', ""),
    })),
  }));
}

const hex = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
const unique = () => hex().slice(0, 12);

const SPECIAL: Record<string, () => unknown> = {
  "tenants.slug": () => `t-${unique()}`,
  "user.email": () => `${unique()}@example.com`,
  "tenant_invitations.email": () => `${unique()}@example.com`,
  "api_keys.key_hash": hex,
  "api_keys.salt": hex,
  "legacy_api_keys.key_hash": hex,
  "routing_rules.target_servers": () => [crypto.randomUUID()],
  "toolsets.slug": () => `t-${unique()}`,
  "request_logs.status_code": () => 200,
  "maintenance_windows.starts_at": () => "2026-01-01T00:00:00Z",
  "maintenance_windows.ends_at": () => "2026-01-02T00:00:00Z",
  "circuit_breaker_transitions.to_state": () => "open",
  // Expired, so that the sample key is never used for signing.
  "jwks.created_at": () => "1970-01-01T00:00:00Z",
  "jwks.expires_at": () => "1970-01-02T00:00:00Z",
};

function sample(table: Table, column: Table["columns"][number]): unknown {
  const special = SPECIAL[`${table.name}.${column.name}`];
  if (special !== undefined) return special();
  if (column.isArray) return [];
  if (column.labels.length > 0) return column.labels[0];
  switch (column.type) {
    case "text":
      return `x${unique()}`;
    case "uuid":
      return crypto.randomUUID();
    case "bool":
      return true;
    case "int2":
    case "int4":
    case "int8":
    case "float8":
      return 1;
    case "timestamptz":
      return new Date().toISOString();
    case "jsonb":
      return {};
    case "cidr":
      return "10.0.0.0/8";
    default:
      throw new Error(`no sample for ${table.name}.${column.name} of type ${column.type}: add one here`);
  }
}

/** The rows of one tenant, one a table, made with what they refer to. */
export class SampleRows {
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #rows = new Map<string, Row>();
  readonly tenantId: string;

  /** Of a tenant of its own, or of one that is there. */
  constructor(tables: readonly Table[], tenantId?: string) {
    this.tenantId = tenantId ?? crypto.randomUUID();
    if (tenantId !== undefined) this.#rows.set("tenants", { id: tenantId });
    this.#tables = new Map(tables.map((table) => [table.name, table]));
  }

  /** The tenant's row of a table, stored on the first call. */
  async stored(name: string): Promise<Row> {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const cause = OF_TRIGGERS.get(name);
    if (cause !== undefined) await this.stored(cause);
    const row = await (cause === undefined
      ? insert(name, await this.values(name))
      : find(name, this.tenantId));
    this.#rows.set(name, row);
    return row;
  }

  /** Values for one more row of the tenant, not stored. */
  async values(name: string): Promise<Row> {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    const values: Row = {};
    for (const column of table.columns) {
      if (column.name === "tenant_id" || (name === "tenants" && column.name === "id"))
        values[column.name] = this.tenantId;
      else if (column.required || `${name}.${column.name}` in SPECIAL)
        values[column.name] = sample(table, column);
    }
    const used = table.references.filter((reference) =>
      reference.columns.every((column) => column in values),
    );
    for (const reference of used) {
      const target = await this.stored(reference.table);
      reference.columns.forEach((column, position) => {
        values[column] = target[reference.targets[position] ?? ""];
      });
    }
    return values;
  }
}

/** Tables that triggers fill, and the table whose rows make them. */
const OF_TRIGGERS = new Map([
  ["server_words", "mcp_servers"],
  ["audit_chains", "audit_logs"],
]);

async function find(name: string, tenantId: string): Promise<Row> {
  const [row] = await owner.query(`select to_jsonb("${name}") as _json from "${name}" where tenant_id = $1`, [
    tenantId,
  ]);
  if (row === undefined) throw new Error(`no trigger has made a row of ${name}`);
  return row._json;
}

async function insert(name: string, values: Row): Promise<Row> {
  const [row] = await owner.query(
    `${insertStatement(name, values)} returning *, to_jsonb("${name}") as _json`,
    [JSON.stringify(values)],
  );
  if (row === undefined) throw new Error(`nothing was inserted into ${name}`);
  return row._json;
}

/** With one parameter, the values as JSON: Postgres gives each its column's type. */
export function insertStatement(name: string, values: Row): string {
  const columns = Object.keys(values)
    .map((column) => `"${column}"`)
    .join(", ");
  return `insert into "${name}" (${columns}) select ${columns} from jsonb_populate_record(null::"${name}", $1::jsonb)`;
}
