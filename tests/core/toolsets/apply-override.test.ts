import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyOverride } from "../../../src/core/toolsets/apply-override.ts";
import type { ItemOverride, ParameterOverride } from "../../../src/core/toolsets/toolset.ts";
import { translateArguments } from "../../../src/core/toolsets/translate-arguments.ts";

const SEARCH = {
  name: "search",
  description: "Searches.",
  annotations: { readOnlyHint: true, title: "Search" },
  inputSchema: {
    type: "object",
    properties: {
      query: { type: "string" },
      repo: { type: "string" },
      limit: { type: "integer", maximum: 100 },
    },
    required: ["query", "repo"],
    additionalProperties: false,
  },
};

const override = (changes: Partial<ItemOverride>): ItemOverride => ({
  kind: "tool",
  serverId: "code",
  name: "search",
  ...changes,
});

const schemaWith = (parameters: Record<string, ParameterOverride>) =>
  applyOverride(SEARCH, override({ parameters })).inputSchema;

describe("applyOverride", () => {
  it("replaces title, description and hints, and keeps everything else", () => {
    const changes = { title: "Find code", description: "Finds code.", hints: { openWorldHint: false } };
    expect(applyOverride(SEARCH, override(changes))).toEqual({
      ...SEARCH,
      title: "Find code",
      description: "Finds code.",
      annotations: { readOnlyHint: true, title: "Search", openWorldHint: false },
    });
  });

  it("removes a fixed parameter from the schema and from what is required", () => {
    expect(schemaWith({ repo: { value: "acme/shop" } })).toEqual({
      ...SEARCH.inputSchema,
      properties: { query: { type: "string" }, limit: { type: "integer", maximum: 100 } },
      required: ["query"],
    });
  });

  it("removes a hidden parameter", () => {
    expect(schemaWith({ limit: { isHidden: true } })).toMatchObject({ required: ["query", "repo"] });
    expect(schemaWith({ limit: { isHidden: true } })).not.toHaveProperty("properties.limit");
  });

  it("makes a parameter with a default optional and states the default", () => {
    expect(schemaWith({ repo: { default: "acme/shop", description: "The repository." } })).toEqual({
      ...SEARCH.inputSchema,
      properties: {
        ...SEARCH.inputSchema.properties,
        repo: { type: "string", default: "acme/shop", description: "The repository." },
      },
      required: ["query"],
    });
  });

  it("keeps a null as a fixed value", () => {
    expect(schemaWith({ repo: { value: null } })).not.toHaveProperty("properties.repo");
  });

  it("adds no parameter that the server does not have", () => {
    expect(schemaWith({ constructor: { default: 1 } })).toEqual(SEARCH.inputSchema);
  });
});

describe("translateArguments", () => {
  it.each<[string, object, Record<string, ParameterOverride>, object]>([
    ["passes arguments on", { query: "a" }, {}, { query: "a" }],
    ["adds a fixed value", { query: "a" }, { repo: { value: "x" } }, { query: "a", repo: "x" }],
    ["adds a default", { query: "a" }, { limit: { default: 5 } }, { query: "a", limit: 5 }],
    ["keeps what replaces a default", { limit: 7 }, { limit: { default: 5 } }, { limit: 7 }],
    ["adds nothing for a hidden parameter", { query: "a" }, { limit: { isHidden: true } }, { query: "a" }],
  ])("%s", (_case, given, parameters, args) => {
    expect(translateArguments({ ...given }, parameters)).toEqual({ kind: "translated", args });
  });

  it.each<[string, ParameterOverride]>([
    ["fixed", { value: "x" }],
    ["hidden", { isHidden: true }],
    ["fixed to null", { value: null }],
  ])("rejects a parameter that is %s, whatever its value", (_case, parameter) => {
    expect(translateArguments({ repo: "y" }, { repo: parameter })).toEqual({
      kind: "rejected",
      names: ["repo"],
    });
  });

  it("never sends another value for a fixed parameter, nor a hidden one", () => {
    const parameter = fc.oneof(
      fc.record({ value: fc.jsonValue() }),
      fc.record({ default: fc.jsonValue() }),
      fc.constant<ParameterOverride>({ isHidden: true }),
      fc.constant<ParameterOverride>({ description: "text" }),
    );
    const name = fc.oneof(fc.constantFrom("a", "b", "__proto__", "constructor"), fc.string());
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.jsonValue()),
        fc.dictionary(name, parameter),
        (given, parameters: Record<string, ParameterOverride>) => {
          const translation = translateArguments(given, parameters);
          if (translation.kind === "rejected") return;
          for (const [key, { value, isHidden }] of Object.entries(parameters)) {
            if (value !== undefined) expect(translation.args[key]).toEqual(value);
            else if (isHidden === true) expect(Object.hasOwn(translation.args, key)).toBe(false);
          }
          for (const [key, value] of Object.entries(given)) expect(translation.args[key]).toEqual(value);
        },
      ),
    );
  });
});
