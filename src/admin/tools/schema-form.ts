/**
 * A form made from a tool's JSON Schema. What is simple gets a field of its own, what is not is entered as JSON, and a
 * schema that is no list of properties as a whole is one JSON field: so every tool can be called.
 */
import type { InputIssue } from "../../core/errors.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { type FieldSpec, type Option, readFields, type Typed } from "../forms/fields.ts";

export interface ArgumentForm {
  readonly fields: readonly FieldSpec[];
  /** What was typed, as the tool takes it. */
  read(typed: Typed): { readonly values: Record<string, unknown>; readonly faults: readonly InputIssue[] };
}

interface Argument {
  readonly property: string;
  readonly field: FieldSpec;
  readonly convert: (value: unknown) => unknown;
}

/** `prefix`: of the fields' names, where a page has several such forms. */
export function argumentForm(schema: unknown, prefix = "argument"): ArgumentForm {
  const properties = isMembers(schema) ? getMember(schema, "properties") : undefined;
  const combines =
    isMembers(schema) &&
    ["oneOf", "anyOf", "allOf", "$ref"].some((word) => getMember(schema, word) !== undefined);
  if (combines) return wholeForm(schema, prefix);
  const required = isMembers(schema) ? getMember(schema, "required") : undefined;
  const needed = new Set(Array.isArray(required) ? required.map(String) : []);
  const all = isMembers(properties) ? Object.entries(properties) : [];
  const given = all.map(([property, of], index) =>
    argumentOf(property, of, { isNeeded: needed.has(property), name: `${prefix}-${index}` }),
  );
  return {
    fields: given.map(({ field }) => field),
    read(typed) {
      const { body, faults } = readFields(
        given.map(({ field }) => field),
        typed,
      );
      const values = given.flatMap(({ property, field, convert }): [string, unknown][] => {
        const value = body[field.name];
        const isEmpty =
          value === undefined || (Array.isArray(value) && value.length === 0 && field.optional === true);
        return isEmpty ? [] : [[property, convert(value)]];
      });
      return { values: Object.fromEntries(values), faults };
    },
  };
}

function wholeForm(schema: unknown, prefix: string): ArgumentForm {
  const name = `${prefix}s`;
  const field: FieldSpec = {
    name,
    label: "Arguments",
    kind: "json",
    initial: "{}",
    hint: `Schema: ${JSON.stringify(schema).slice(0, 300)}`,
  };
  return {
    fields: [field],
    read(typed) {
      const { body, faults } = readFields([field], typed);
      const values = body[name];
      if (isMembers(values)) return { values: { ...values }, faults };
      return {
        values: {},
        faults: faults.length > 0 ? faults : [{ path: `/${name}`, message: "must be an object" }],
      };
    },
  };
}

const asIs = (value: unknown) => value;
const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);

function argumentOf(
  property: string,
  of: unknown,
  { isNeeded, name }: { readonly isNeeded: boolean; readonly name: string },
): Argument {
  const schema = isMembers(of) ? of : {};
  const title = textOf(getMember(schema, "title"));
  const hint = textOf(getMember(schema, "description"));
  const usual = getMember(schema, "default");
  const common = {
    // Names of properties may be anything; fields' names lead into what is sent.
    name,
    label: title ?? property,
    optional: !isNeeded,
    empty: "omit" as const,
    ...(hint !== undefined && { hint }),
    ...(usual !== undefined && { initial: typeof usual === "string" ? usual : JSON.stringify(usual) }),
  };
  return { property, ...kindOf(schema, common) };
}

/** The values of an `enum`, or of `oneOf`/`anyOf` with a `const` and perhaps a `title` each. */
function readChoices(of: object): readonly Option[] | undefined {
  const schema = isMembers(of) ? of : {};
  const named = getMember(schema, "oneOf") ?? getMember(schema, "anyOf");
  if (Array.isArray(named)) {
    const options = named.flatMap((each) => {
      const value = isMembers(each) ? textOf(getMember(each, "const")) : undefined;
      if (value === undefined || !isMembers(each)) return [];
      return [{ value, label: textOf(getMember(each, "title")) ?? value }];
    });
    return options.length === named.length && options.length > 0 ? options : undefined;
  }
  const values = getMember(schema, "enum");
  if (!Array.isArray(values)) return undefined;
  const texts = values.flatMap((value) => textOf(value) ?? []);
  return texts.length === values.length ? texts.map((value) => ({ value, label: value })) : undefined;
}

type Common = Pick<FieldSpec, "name" | "label" | "optional" | "empty" | "hint" | "initial">;

function kindOf(schema: object, common: Common): Omit<Argument, "property"> {
  const of = isMembers(schema) ? schema : {};
  const type = getMember(of, "type");
  const options = readChoices(of);
  if (options !== undefined) return { field: { ...common, kind: "choice", options }, convert: asIs };
  if (type === "string") {
    const most = getMember(of, "maxLength");
    const isLong = (typeof most === "number" && most > 200) || getMember(of, "format") === "textarea";
    return { field: { ...common, kind: isLong ? "long" : "text", maxlength: 100_000 }, convert: asIs };
  }
  if (type === "number" || type === "integer") {
    return { field: { ...common, kind: "number", ...(type === "integer" && { step: 1 }) }, convert: asIs };
  }
  if (type === "boolean") {
    const options = [
      { value: "true", label: "Yes" },
      { value: "false", label: "No" },
    ];
    return { field: { ...common, kind: "choice", options }, convert: (value) => value === "true" };
  }
  const items = type === "array" ? getMember(of, "items") : undefined;
  const several = isMembers(items) ? readChoices(items) : undefined;
  if (several !== undefined) {
    const { initial: _, ...rest } = common;
    return { field: { ...rest, kind: "choices", options: several }, convert: asIs };
  }
  if (isMembers(items) && getMember(items, "type") === "string" && getMember(items, "enum") === undefined) {
    const { initial: _, ...rest } = common;
    const hint = [rest.hint, "One per line."].filter((part) => part !== undefined).join(" ");
    return { field: { ...rest, hint, kind: "lines" }, convert: asIs };
  }
  const hint = [common.hint, "JSON."].filter((part) => part !== undefined).join(" ");
  return { field: { ...common, hint, kind: "json" }, convert: asIs };
}
