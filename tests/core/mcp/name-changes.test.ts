import { describe, expect, it } from "vitest";
import { previewNames } from "../../../src/core/mcp/name-changes.ts";

const github = (name: string) => ({ server: "github", name });

describe("the names after a server is registered", () => {
  it("change for another server's tool of the same name", () => {
    const changes = previewNames(
      [github("search"), github("open_issue")],
      { server: "jira", tools: ["search", "create"] },
      { prefix: "on_collision" },
    );
    expect(changes).toEqual({
      added: [
        { name: "search", exposed: "jira__search" },
        { name: "create", exposed: "create" },
      ],
      renamed: [{ server: "github", from: "search", to: "github__search" }],
    });
  });

  it("never change where all tools have a prefix", () => {
    const { renamed } = previewNames(
      [github("search")],
      { server: "jira", tools: ["search"] },
      { prefix: "always" },
    );
    expect(renamed).toEqual([]);
  });

  it("lack the tools that another server shadows where no prefix is added", () => {
    const { added, renamed } = previewNames(
      [github("search")],
      { server: "jira", tools: ["search"] },
      { prefix: "never" },
    );
    expect(added).toEqual([{ name: "search", exposed: undefined }]);
    expect(renamed).toEqual([]);
  });
});
