/**
 * Finds which columns of the schema the product code writes and which it reads, by the syntax trees of src and the
 * function bodies of the migrations. A name counts only where it is the table's: in SQL text that names the
 * table, as a member of the table itself, or in an object of a file that inserts or updates rows of the table, or that
 * imports such a file.
 */
import { readFileSync } from "node:fs";
import {
  type BindingProperty,
  type CallExpression,
  type Expression,
  type ObjectExpression,
  type Program,
  parseSync,
  type TemplateLiteral,
  Visitor,
} from "oxc-parser";
import { listFiles, listImports } from "./source-graph.ts";

export interface TableColumns {
  /** The name of the constant in src/db/schema, and of the table. */
  readonly constant: string;
  readonly table: string;
  readonly columns: readonly { readonly property: string; readonly column: string }[];
}

interface SourceFacts {
  readonly file: string;
  /** Constants of the schema that the file imports, by the name that they have in the file. */
  readonly tables: ReadonlyMap<string, string>;
  /** Constants whose rows the file inserts, updates or manages as a resource. */
  readonly written: ReadonlySet<string>;
  /** Constants that the file declares as resources. */
  readonly resources: ReadonlySet<string>;
  /** Constants of which the file selects all columns. */
  readonly whole: ReadonlySet<string>;
  /** `constant.property`. */
  readonly members: ReadonlySet<string>;
  /** Names of members of object literals, without those of a selection. */
  readonly keys: ReadonlySet<string>;
  /** Names that are read from some object: accesses and destructured names. */
  readonly reads: ReadonlySet<string>;
  readonly texts: readonly string[];
}

interface SqlText {
  readonly text: string;
  readonly words: ReadonlySet<string>;
}

const SCHEMA = /(?:^|\/)schema\/[\w-]+\.ts$/;
const SELECTIONS = new Set(["select", "selectDistinct", "selectDistinctOn", "returning"]);
/** Columns that src/api/resource writes in every resource. */
const RESOURCE_COLUMNS = new Set(["tenantId", "createdBy", "updatedBy"]);
const WRITERS = new Set(["insert", "update"]);

export class ColumnUsage {
  readonly #facts: readonly SourceFacts[];
  readonly #importers = new Map<string, Set<string>>();
  readonly #imported = new Map<string, Set<string>>();
  readonly #texts: readonly SqlText[];

  constructor() {
    const files = listFiles("src/**/*.{ts,tsx}").filter((file) => !SCHEMA.test(file));
    this.#facts = files.map(readFacts);
    for (const { from, to } of listImports(files)) {
      this.#importers.set(to, (this.#importers.get(to) ?? new Set()).add(from));
      this.#imported.set(from, (this.#imported.get(from) ?? new Set()).add(to));
    }
    const functions = listFiles("drizzle/*.sql").flatMap(readFunctions);
    this.#texts = [...this.#facts.flatMap(({ texts }) => texts), ...functions].map((text) => ({
      text,
      words: new Set(text.match(/[a-z_][a-z0-9_]*/g)),
    }));
  }

  isWritten({ constant, table }: TableColumns, property: string, column: string): boolean {
    const writers = this.#facts.filter(({ written }) => written.has(constant)).map(({ file }) => file);
    const near = this.#withImported(this.#withImporters(writers));
    return (
      (RESOURCE_COLUMNS.has(property) && this.#facts.some(({ resources }) => resources.has(constant))) ||
      this.#facts.some(({ file, keys }) => near.has(file) && keys.has(property)) ||
      this.#texts.some((sql) => isAbout(sql, table, column) && writesColumn(sql.text, table, column))
    );
  }

  isRead({ constant, table }: TableColumns, property: string, column: string): boolean {
    const readers = this.#facts.filter(({ tables }) => [...tables.values()].includes(constant));
    const near = this.#withImporters(readers.map(({ file }) => file));
    return (
      readers.some(({ members, whole }) => whole.has(constant) || members.has(`${constant}.${property}`)) ||
      this.#facts.some(({ file, reads }) => near.has(file) && reads.has(property)) ||
      this.#texts.some((sql) => isAbout(sql, table, column))
    );
  }

  #withImported(files: ReadonlySet<string>): ReadonlySet<string> {
    return new Set([...files].flatMap((file) => [file, ...(this.#imported.get(file) ?? [])]));
  }

  #withImporters(files: readonly string[]): ReadonlySet<string> {
    return new Set(files.flatMap((file) => [file, ...(this.#importers.get(file) ?? [])]));
  }
}

const isAbout = ({ words }: SqlText, table: string, column: string) => words.has(table) && words.has(column);

const names = (text: string, name: string) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text);

/** Whether a statement inserts into the column or sets it. */
function writesColumn(text: string, table: string, column: string): boolean {
  const own = `(?<![\\w-])"?${table}"?`;
  const inserted = new RegExp(`insert into ${own}[^()]*\\(([^)]*)\\)`, "gi");
  for (const [, list = ""] of text.matchAll(inserted)) if (names(list, column)) return true;
  const updated = new RegExp(`(?:update ${own}|insert into ${own})[\\s\\S]*?\\bset\\b([\\s\\S]*)`, "gi");
  for (const [, list = ""] of text.matchAll(updated)) {
    if (new RegExp(`(?<![\\w.])"?${column}"?\\s*=(?!=)`).test(list)) return true;
  }
  return false;
}

/** Bodies of functions and views: what a migration does once is not what the product does. */
function readFunctions(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const bodies = [...text.matchAll(/\$(\w*)\$([\s\S]*?)\$\1\$/g)].map(([, , body = ""]) => body);
  const views = [...text.matchAll(/create (?:or replace )?(?:materialized )?view[\s\S]*?;/gi)].map(
    ([view]) => view,
  );
  return [...bodies, ...views];
}

type TableNames = Map<string, string>;

function readFacts(file: string): SourceFacts {
  const { program } = parseSync(file, readFileSync(file, "utf8"));
  const tables = readImportedTables(program);
  const facts = {
    file,
    tables,
    written: new Set<string>(),
    resources: new Set<string>(),
    whole: new Set<string>(),
    members: new Set<string>(),
    keys: new Set<string>(),
    reads: new Set<string>(),
    texts: [] as string[],
  };
  const selections = new Set<Expression>();
  new Visitor({
    VariableDeclarator({ id, init }) {
      const constant = aliasedTable(init, tables);
      if (id.type === "Identifier" && constant !== undefined) tables.set(id.name, constant);
    },
    CallExpression(call) {
      const table = writtenTable(call, tables);
      if (table !== undefined) facts.written.add(table);
      const whole = wholeTable(call, tables);
      if (whole !== undefined) facts.whole.add(whole);
      for (const selection of listSelections(call)) selections.add(selection);
    },
    MemberExpression({ object, property }) {
      if (property.type !== "Identifier") return;
      const constant = object.type === "Identifier" ? tables.get(object.name) : undefined;
      if (constant === undefined) facts.reads.add(property.name);
      else facts.members.add(`${constant}.${property.name}`);
    },
    ObjectPattern({ properties }) {
      for (const property of properties)
        if (property.type === "Property") facts.reads.add(patternKey(property));
    },
    ObjectExpression(literal) {
      const table = resourceTable(literal, tables);
      if (table !== undefined)
        for (const set of [facts.written, facts.resources, facts.whole]) set.add(table);
      if (!selections.has(literal)) for (const key of listKeys(literal)) facts.keys.add(key);
    },
    TemplateLiteral(template) {
      facts.texts.push(expandTemplate(template, tables));
    },
  }).visit(program);
  return facts;
}

function readImportedTables({ body }: Program): TableNames {
  const tables: TableNames = new Map();
  for (const statement of body) {
    if (statement.type !== "ImportDeclaration" || !SCHEMA.test(statement.source.value)) continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type !== "ImportSpecifier" || specifier.imported.type !== "Identifier") continue;
      tables.set(specifier.local.name, specifier.imported.name);
    }
  }
  return tables;
}

function identifierName(node: { readonly type: string; readonly name?: unknown } | undefined): string {
  return node?.type === "Identifier" && typeof node.name === "string" ? node.name : "";
}

/** `const other = table` and `const other = alias(table, "other")`. */
function aliasedTable(init: Expression | null, tables: TableNames): string | undefined {
  if (init?.type !== "CallExpression") return tables.get(identifierName(init ?? undefined));
  return identifierName(init.callee) === "alias" ? tables.get(identifierName(init.arguments[0])) : undefined;
}

/** `getTableColumns(table)` and `select().from(table)`. */
function wholeTable(call: CallExpression, tables: TableNames): string | undefined {
  const constant = tables.get(identifierName(call.arguments[0]));
  if (identifierName(call.callee) === "getTableColumns") return constant;
  if (calledMember(call) !== "from" || call.callee.type !== "MemberExpression") return undefined;
  const { object } = call.callee;
  const isWhole = object.type === "CallExpression" && SELECTIONS.has(calledMember(object));
  return isWhole && object.arguments.length === 0 ? constant : undefined;
}

function calledMember({ callee }: CallExpression): string {
  return callee.type === "MemberExpression" ? identifierName(callee.property) : "";
}

function writtenTable(call: CallExpression, tables: TableNames): string | undefined {
  return WRITERS.has(calledMember(call)) ? tables.get(identifierName(call.arguments[0])) : undefined;
}

function listSelections(call: CallExpression): Expression[] {
  if (!SELECTIONS.has(calledMember(call))) return [];
  return call.arguments.filter((argument) => argument.type === "ObjectExpression");
}

/** `table` or `table: apiKeys` in the description of a resource. */
function resourceTable({ properties }: ObjectExpression, tables: TableNames): string | undefined {
  for (const property of properties) {
    if (property.type !== "Property" || identifierName(property.key) !== "table") continue;
    return tables.get(identifierName(property.value));
  }
  return undefined;
}

function listKeys({ properties }: ObjectExpression): string[] {
  return properties.flatMap((property) =>
    property.type !== "Property"
      ? []
      : [property.key.type === "Literal" ? String(property.key.value) : identifierName(property.key)],
  );
}

const patternKey = ({ key }: BindingProperty) => identifierName(key);

/** The text with the names of tables in place of what is inserted; other values are left out. */
function expandTemplate({ quasis, expressions }: TemplateLiteral, tables: TableNames): string {
  return quasis
    .map(({ value: { raw } }, place) => {
      const constant = tables.get(identifierName(expressions[place]));
      return `${raw}${constant === undefined ? " ? " : ` ${snakeCase(constant)} `}`;
    })
    .join("");
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
