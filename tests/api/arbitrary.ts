/** Values from a JSON Schema: most fit, some are what clients send by mistake or with intent. */
import fc from "fast-check";

// biome-ignore lint/suspicious/noExplicitAny: whatever the schema allows.
type Schema = any;

const NASTY = fc.constantFrom<unknown>(
  ...[
    "",
    " ",
    "\0",
    "\ud800",
    "%00",
    "'; drop table user; --",
    "../../etc/passwd",
    "{{7*7}}",
    "👩‍👩‍👧‍👦",
    "a".repeat(3000),
  ],
  ...[
    "null",
    "undefined",
    "NaN",
    "Infinity",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59+23:59",
    "-0",
    "1e309",
  ],
  ...[
    "0001-01-01T00:00:00Z",
    "00000000-0000-0000-0000-000000000000",
    "__proto__",
    "constructor",
    "*",
    "{a,b",
  ],
  ...[
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    null,
    true,
    [],
    {},
    [[]],
    [null],
    { __proto__: null, a: { b: [] } },
  ],
);

const anything = () =>
  fc.oneof({ weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) }, { weight: 2, arbitrary: NASTY });

export function valueFor(schema: Schema, definitions: Record<string, Schema>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 9, arbitrary: fitting(schema, definitions) },
    { weight: 1, arbitrary: anything() },
  );
}

function fitting(schema: Schema, definitions: Record<string, Schema>): fc.Arbitrary<unknown> {
  const of = (inner: Schema) => valueFor(inner, definitions);
  if (schema.$ref !== undefined) return of(definitions[String(schema.$ref).split("/").at(-1) ?? ""] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(of));
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((part: Schema) => fitting(part, definitions)))
      .map((parts) => Object.assign({}, ...parts));
  }
  switch (schema.type) {
    case "string":
      return text(schema);
    case "integer":
    case "number": {
      const range = {
        min: Math.max(schema.minimum ?? -1e6, -1e15),
        max: Math.min(schema.maximum ?? 1e6, 1e15),
      };
      return schema.type === "integer"
        ? fc.integer({ min: Math.ceil(range.min), max: Math.floor(range.max) })
        : fc.double({ ...range, noNaN: true });
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(of(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 4 });
    case "object":
      return object(schema, of);
    default:
      return anything();
  }
}

function object(schema: Schema, of: (inner: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const members = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, of(inner)] as const);
  const requiredKeys: string[] = (schema.required ?? []).filter(
    (name: string) => name in (schema.properties ?? {}),
  );
  const known = fc.record(Object.fromEntries(members), { requiredKeys, noNullPrototype: true });
  if (typeof schema.additionalProperties !== "object") return known;
  const others = fc.dictionary(fc.string({ maxLength: 10 }), of(schema.additionalProperties), { maxKeys: 3 });
  return fc.tuple(known, others).map(([one, other]) => ({ ...other, ...one }));
}

function text(schema: Schema): fc.Arbitrary<string> {
  if (schema.format === "uuid") return fc.uuid();
  if (schema.format === "date-time")
    return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (schema.format === "email") return fc.emailAddress();
  const length = { minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 20, 40) };
  const plain = fc.string({ ...length, unit: "grapheme" });
  const shaped = schema.pattern === undefined ? undefined : matching(schema.pattern);
  return shaped === undefined
    ? fc.oneof(plain, fc.webUrl())
    : fc.oneof({ weight: 4, arbitrary: shaped }, { weight: 1, arbitrary: plain });
}

/** Not every pattern can be turned round. */
function matching(pattern: string): fc.Arbitrary<string> | undefined {
  try {
    return fc.stringMatching(new RegExp(pattern), { maxLength: 40 });
  } catch {
    return undefined;
  }
}
