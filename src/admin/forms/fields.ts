/**
 * Describes forms: which values are valid, and which of them are sent to the REST API. Entered values stay text, so that
 * nothing is lost when the API rejects them.
 */
import type { InputIssue } from "../../core/errors.ts";
import type { ApiClient } from "../http/api-client.ts";

export interface Option {
  readonly value: string;
  readonly label: string;
}

export type Options = readonly Option[] | ((rest: ApiClient) => Promise<readonly Option[]>);

/** Of credentials by OAuth and signed identities: several types share fields. */
type CredentialFields = "oauth" | "gateway_client" | "token_exchange" | "identity";

interface Common {
  /** The member of the body; a dot leads into an inner one. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly optional?: boolean;
  /** What an empty field stands for: no value, or an explicit null. */
  readonly empty?: "omit" | "null";
  /** Entered when the thing is made, and never changed. */
  readonly fixed?: boolean;
  /** Only called for values that are present. */
  readonly later?: boolean;
  /** Shown only while an option of this value is chosen in the same form (a rule of the stylesheet, without script). */
  readonly shownFor?: "bearer" | "basic" | "header" | "user_secret" | CredentialFields;
  /** What it holds when a new thing's form opens. */
  readonly initial?: string | readonly string[];
}

export type FieldSpec = Common &
  /** `options` are suggestions; any other text is fine as well. */
  (
    | {
        readonly kind: "text";
        readonly maxlength?: number;
        readonly placeholder?: string;
        readonly options?: Options;
      }
    | { readonly kind: "long"; readonly maxlength?: number }
    /** Never shown again after it was entered. */
    | { readonly kind: "secret" }
    | { readonly kind: "number"; readonly min?: number; readonly max?: number; readonly step?: number }
    | { readonly kind: "choice"; readonly options: Options }
    | { readonly kind: "choices"; readonly options: Options }
    | { readonly kind: "yes" }
    | { readonly kind: "moment" }
    /** One value per line; `read` and `write` convert a line. */
    | {
        readonly kind: "lines";
        readonly read?: (line: string) => unknown;
        readonly write?: (value: unknown) => string;
      }
    | { readonly kind: "json" }
  );

/** What stands in the fields, by name. */
export type Typed = Readonly<Record<string, readonly string[]>>;
type Row = Readonly<Record<string, unknown>>;

export function readTyped(fields: readonly FieldSpec[], posted: URLSearchParams): Typed {
  // Browsers send texts of several lines with the ends of lines that mails have.
  const lines = (text: string) => text.replaceAll("\r\n", "\n");
  return Object.fromEntries(fields.map(({ name }) => [name, posted.getAll(name).map(lines)]));
}

export function initialValues(fields: readonly FieldSpec[]): Typed {
  return Object.fromEntries(fields.map(({ name, initial = [] }) => [name, [initial].flat()]));
}

/** What would have to be typed for a row to be what it is. */
export function toTyped(fields: readonly FieldSpec[], row: Row): Typed {
  return Object.fromEntries(fields.map((field) => [field.name, textsOf(field, within(row, field.name))]));
}

function within(row: unknown, name: string): unknown {
  let value = row;
  for (const step of name.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([member]) => member === step)?.[1];
  }
  return value;
}

function textsOf(field: FieldSpec, value: unknown): string[] {
  const { kind } = field;
  if (value === null || value === undefined) return [];
  if (kind === "yes") return value === true ? ["yes"] : [];
  if (kind === "json") return [JSON.stringify(value, null, 2)];
  // As <input type="datetime-local"> has it.
  if (kind === "moment") return [String(value).slice(0, 16)];
  if (kind === "lines")
    return [
      [value]
        .flat()
        .map(field.write ?? String)
        .join("\n"),
    ];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

export interface ReadForm {
  readonly body: Row;
  readonly faults: readonly InputIssue[];
}

/** Only values that the API cannot validate are rejected here. */
export function readFields(fields: readonly FieldSpec[], typed: Typed): ReadForm {
  const body: Record<string, unknown> = {};
  const faults: InputIssue[] = [];
  for (const field of fields) {
    const value = entered(field, typed[field.name] ?? []);
    if (value instanceof Fault) faults.push({ path: toPointer(field.name), message: value.message });
    else if (value !== undefined) put(body, field.name.split("."), value);
  }
  return { body, faults };
}

class Fault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export const fieldId = (name: string) => `field-${name.replaceAll(".", "-")}`;

const toPointer = (name: string) => `/${name.replaceAll(".", "/")}`;

function put(body: Record<string, unknown>, [step = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    body[step] = value;
    return;
  }
  const inner: Record<string, unknown> = {};
  const known = body[step];
  if (typeof known === "object" && known !== null) Object.assign(inner, known);
  put(inner, rest, value);
  body[step] = inner;
}

function entered(field: FieldSpec, texts: readonly string[]): unknown {
  const text = texts[0]?.trim() ?? "";
  switch (field.kind) {
    case "yes":
      return texts.length > 0;
    case "choices":
      return texts;
    case "lines":
      return text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .map((line) => field.read?.(line) ?? line);
    default:
      if (text === "") return field.optional === true ? emptyOf(field) : new Fault("is required");
      return single(field.kind, text);
  }
}

const emptyOf = ({ empty = "null" }: FieldSpec) => (empty === "null" ? null : undefined);

function single(kind: FieldSpec["kind"], text: string): unknown {
  if (kind === "number") {
    const number = Number(text);
    return Number.isFinite(number) ? number : new Fault("must be a number");
  }
  if (kind === "moment") {
    const time = new Date(`${text}Z`);
    return Number.isNaN(time.getTime()) ? new Fault("must be a date and time") : time.toISOString();
  }
  if (kind === "json") {
    try {
      return JSON.parse(text);
    } catch (error) {
      return new Fault(`is not valid JSON: ${error instanceof Error ? error.message : ""}`);
    }
  }
  return text;
}

/** Validation messages by field; "" has those of no field. */
export function faultsByField(
  fields: readonly FieldSpec[],
  faults: readonly InputIssue[],
): ReadonlyMap<string, readonly string[]> {
  const nameOf = ({ path }: InputIssue) =>
    fields
      .map(({ name }) => name)
      .filter((name) => path === toPointer(name) || path.startsWith(`${toPointer(name)}/`))
      .sort((a, b) => b.length - a.length)[0] ?? "";
  const named = Map.groupBy(faults, nameOf);
  return new Map(
    [...named].map(([name, all]) => [
      name,
      all.map(({ path, message }) => (name === "" && path !== "" ? `${path}: ${message}` : message)),
    ]),
  );
}
