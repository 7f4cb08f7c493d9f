import { describe, expect, it } from "vitest";
import { exposeAliases } from "../../../src/core/toolsets/alias-names.ts";

const names = (
  items: readonly [server: string, name: string, alias?: string][],
  mode: "on_collision" | "always",
) =>
  Object.fromEntries(
    [
      ...exposeAliases(
        items.map(([server, name]) => ({ server, name })),
        ({ server, name }) => items.find((item) => item[0] === server && item[1] === name)?.[2],
        mode,
        {},
      ).lookup,
    ].map(([exposed, { server, name }]) => [exposed, `${server}/${name}`]),
  );

describe("exposeAliases", () => {
  it("uses an alias as it is, in every naming mode", () => {
    expect(names([["files", "read", "open"]], "always")).toEqual({ open: "files/read" });
  });

  it("names other items as the organization does", () => {
    expect(
      names(
        [
          ["files", "read"],
          ["mail", "read"],
          ["mail", "send"],
        ],
        "on_collision",
      ),
    ).toEqual({
      files__read: "files/read",
      mail__read: "mail/read",
      send: "mail/send",
    });
  });

  it("prefixes an item whose name is the alias of another", () => {
    expect(
      names(
        [
          ["files", "read", "send"],
          ["mail", "send"],
        ],
        "on_collision",
      ),
    ).toEqual({
      send: "files/read",
      mail__send: "mail/send",
    });
  });

  it("shadows the second of two items with one alias", () => {
    const table = exposeAliases(
      [
        { server: "files", name: "read" },
        { server: "mail", name: "read" },
      ],
      () => "open",
      "always",
      {},
    );
    expect(table.entries).toEqual([{ server: "files", name: "read", exposed: "open" }]);
    expect(table.shadowed).toEqual([{ server: "mail", name: "read", by: "files" }]);
  });
});
