/** Forms of the playground: whatever schema a tool has, it can be called, and what was typed arrives as it is meant. */
import { describe, expect, it } from "vitest";
import { initialValues, type Typed } from "../../../src/admin/forms/fields.ts";
import { argumentForm } from "../../../src/admin/tools/schema-form.ts";

const object = (properties: object, required: string[] = []) => ({ type: "object", properties, required });

const typedFor = (form: ReturnType<typeof argumentForm>, ...texts: (string | string[])[]): Typed =>
  Object.fromEntries(form.fields.map(({ name }, index) => [name, [texts[index] ?? ""].flat()]));

describe("a form made from a schema", () => {
  it.each([
    ["text", { type: "string" }, "text", "  hello ", "hello"],
    ["a number", { type: "number" }, "number", "1.5", 1.5],
    ["a whole number", { type: "integer" }, "number", "7", 7],
    ["one of several", { type: "string", enum: ["a", "b"] }, "choice", "b", "b"],
    ["yes", { type: "boolean" }, "choice", "true", true],
    ["no", { type: "boolean" }, "choice", "false", false],
    ["long text", { type: "string", maxLength: 5000 }, "long", "a\nb", "a\nb"],
    ["a list of texts", { type: "array", items: { type: "string" } }, "lines", "a\n\nb\n", ["a", "b"]],
    ["a list of things", { type: "array", items: { type: "object" } }, "json", '[{"a":1}]', [{ a: 1 }]],
    ["a thing", object({ a: { type: "string" } }), "json", '{"a":"b"}', { a: "b" }],
    ["anything", {}, "json", "null", null],
  ])("takes %s", (_, schema, kind, text, expected) => {
    const form = argumentForm(object({ "a.b/c d": schema }, ["a.b/c d"]));
    expect(form.fields.map((field) => field.kind)).toEqual([kind]);
    expect(form.read(typedFor(form, text))).toEqual({ values: { "a.b/c d": expected }, faults: [] });
  });

  it("leaves out empty fields, and requires what is needed", () => {
    const form = argumentForm(
      object({ a: { type: "string" }, b: { type: "boolean" }, c: { type: "number" } }, ["a"]),
    );
    expect(form.read(typedFor(form, "x", "", "")).values).toEqual({ a: "x" });
    expect(form.read(typedFor(form, "", "", "")).faults).toEqual([
      { path: "/argument-0", message: "is required" },
    ]);
    expect(form.read(typedFor(form, "x", "", "many")).faults[0]?.message).toBe("must be a number");
  });

  it("opens with what the schema takes for usual", () => {
    const form = argumentForm(
      object({ unit: { type: "string", default: "km" }, deep: { default: { a: 1 } } }),
    );
    expect(Object.values(initialValues(form.fields))).toEqual([["km"], ['{"a":1}']]);
  });

  it.each([
    ["choices between shapes", { oneOf: [object({}), object({})] }],
    ["references", { $ref: "#/$defs/x" }],
  ])("takes all at once where the schema is made of %s", (_, schema) => {
    const form = argumentForm(schema);
    expect(form.read(typedFor(form, '{"a":1}'))).toEqual({ values: { a: 1 }, faults: [] });
    expect(form.read(typedFor(form, "[1]")).faults).toHaveLength(1);
    expect(form.read(typedFor(form, "{")).faults).toHaveLength(1);
  });

  it.each([undefined, null, true, {}, { type: "object" }])(
    "has no field where the schema is %j",
    (schema) => {
      expect(argumentForm(schema).fields).toEqual([]);
      expect(argumentForm(schema).read({})).toEqual({ values: {}, faults: [] });
    },
  );
});
