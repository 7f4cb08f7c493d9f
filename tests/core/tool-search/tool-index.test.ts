import { encode } from "gpt-tokenizer";
import { describe, expect, it } from "vitest";
import { META_TOOLS } from "../../../src/core/tool-search/meta-tools.ts";
import { ToolIndex } from "../../../src/core/tool-search/tool-index.ts";
import { ORGANIZATION, QUERIES } from "../../fixtures/organization.ts";

const TOOLS = ORGANIZATION.map(({ server, ...tool }) => ({ ...tool, name: `${server}__${tool.name}` }));
const index = new ToolIndex(TOOLS);
const names = (query: string, limit = 5) => index.find(query, limit, () => true).map(({ name }) => name);

describe("a search over the tools of an organization", () => {
  it("covers 40 servers with 25 tools each and a query for each kind of object", () => {
    expect(new Set(TOOLS.map(({ name }) => name)).size).toBe(1000);
    expect(Object.keys(Object.groupBy(ORGANIZATION, ({ server }) => server))).toHaveLength(40);
    expect(QUERIES).toHaveLength(200);
  });

  it("finds the labelled tool among the first five for at least 90 % of the queries", () => {
    const missed = QUERIES.filter(({ query, tool }) => !names(query).includes(tool));
    expect(missed.length / QUERIES.length).toBeLessThanOrEqual(0.1);
  });

  it("saves at least 97 % of the tokens of the list", () => {
    const tokens = (value: unknown) => encode(JSON.stringify(value)).length;
    const saved = 1 - tokens({ tools: META_TOOLS }) / tokens({ tools: TOOLS });
    expect(saved).toBeGreaterThan(0.97);
  });

  it("returns what the filter accepts only, and fills the results with it", () => {
    const found = index.find("github", 10, ({ name }) => String(name).includes("release"));
    expect(found.map(({ name }) => name)).toHaveLength(5);
    expect(found.every(({ name }) => String(name).includes("release"))).toBe(true);
  });

  it.each(["", "the of a", "qqqqqqqq", "toString", "🙂", "x".repeat(100_000)])(
    "finds nothing for %j",
    (query) => {
      expect(names(query)).toEqual([]);
    },
  );

  it("matches camel case, plurals and parameters", () => {
    const small = new ToolIndex([
      { name: "listPullRequests", inputSchema: { properties: { archivedState: { enum: ["merged"] } } } },
      { name: "other" },
    ]);
    for (const query of ["pull request", "archived", "merged"])
      expect(small.find(query, 5, () => true).map(({ name }) => name)).toEqual(["listPullRequests"]);
  });
});
