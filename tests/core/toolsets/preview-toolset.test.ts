import { describe, expect, it } from "vitest";
import type { CuttableInventory } from "../../../src/core/toolsets/catalog-cut.ts";
import { previewToolset } from "../../../src/core/toolsets/preview-toolset.ts";
import type { ItemOverride, ToolsetMember } from "../../../src/core/toolsets/toolset.ts";

const READ = {
  name: "read",
  inputSchema: {
    type: "object",
    properties: { path: { type: "string" }, limit: { type: "integer" } },
    required: ["path"],
  },
};

const inventory = (
  id: string,
  tools: CuttableInventory["lists"]["tools/list"]["items"],
): CuttableInventory => ({
  server: { id, name: id, tags: [] },
  capabilities: { tools: {} },
  lists: {
    "tools/list": { items: tools },
    "prompts/list": { items: [] },
    "resources/list": { items: [] },
    "resources/templates/list": { items: [{ uriTemplate: "file:///{path}", name: "file" }] },
  },
});

const preview = (members: ToolsetMember[], overrides: ItemOverride[] = []) =>
  previewToolset({ members, overrides }, [inventory("files", [READ]), inventory("mail", [{ ...READ }])], {
    prefix: "on_collision",
  });

describe("previewToolset", () => {
  it("lists the items as clients would see them", () => {
    const override: ItemOverride = {
      ...{ kind: "tool", serverId: "files", name: "read", alias: "open", description: "Opens." },
      parameters: { limit: { value: 5 } },
    };
    const members: ToolsetMember[] = [
      { kind: "tool", serverId: "files" },
      { kind: "resource", serverId: "mail" },
    ];
    expect(preview(members, [override])).toEqual({
      items: [
        {
          ...{ kind: "tool", server: "files", name: "read", exposed: "open", title: undefined },
          ...{ description: "Opens.", parameters: ["path"] },
        },
        {
          ...{ kind: "resource", server: "mail", name: "file:///{path}", exposed: "file:///{path}" },
          ...{ title: undefined, description: undefined, parameters: [] },
        },
      ],
      problems: [],
    });
  });

  it("names a member that matches nothing and an override of what is not selected", () => {
    const { problems } = preview(
      [{ kind: "tool", serverId: "files", pattern: "write" }],
      [{ kind: "tool", serverId: "files", name: "read" }],
    );
    expect(problems).toEqual([
      { path: "/members/0", message: "matches no item" },
      { path: "/overrides/0", message: "matches no selected item" },
    ]);
  });

  it.each<[string, ItemOverride["parameters"], string | undefined]>([
    ["a parameter that the server has lost", { depth: { default: 1 } }, "is not a parameter of the tool"],
    [
      "a required parameter without a value",
      { path: { isHidden: true } },
      "is required by the tool: give it a value",
    ],
    [
      "a value that does not fit the schema",
      { limit: { value: "ten" } },
      'Instance type "string" is invalid. Expected "integer".',
    ],
    [
      "a default that does not fit",
      { path: { default: 5 } },
      'Instance type "number" is invalid. Expected "string".',
    ],
    ["nothing about what fits", { path: { value: "/" }, limit: { isHidden: true } }, undefined],
  ])("reports %s", (_case, parameters, message) => {
    const override: ItemOverride = { kind: "tool", serverId: "files", name: "read", parameters };
    const [name] = Object.keys(parameters ?? {});
    expect(preview([{ kind: "tool" }], [override]).problems).toEqual(
      message === undefined ? [] : [{ path: `/overrides/0/parameters/${name}`, message }],
    );
  });
});
