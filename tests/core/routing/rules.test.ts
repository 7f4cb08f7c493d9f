import { describe, expect, it } from "vitest";
import {
  compileRouting,
  matchRule,
  type RoutedRequest,
  type RoutingRule,
  type RuleConditions,
} from "../../../src/core/routing/rules.ts";

const rule = (conditions: RuleConditions, over: Partial<RoutingRule> = {}): RoutingRule => ({
  id: "r1",
  name: "rule",
  conditions,
  targetServers: ["s1"],
  strategy: "round_robin",
  options: {},
  priority: 100,
  ...over,
});

const headers = new Headers({ "x-region": "eu-west" });
const request = (over: Partial<RoutedRequest> = {}): RoutedRequest => ({
  method: "tools/call",
  tool: "read_file",
  tags: new Set(["files", "production"]),
  client: "inspector",
  header: (name) => headers.get(name),
  tenant: { id: "t1", slug: "acme" },
  stableId: "session-1",
  ...over,
});

const holds = (conditions: RuleConditions, given = request()) =>
  matchRule(compileRouting([rule(conditions)]), given) !== undefined;

describe("a rule", () => {
  it.each<[string, RuleConditions, boolean]>([
    ["without conditions holds for all", {}, true],
    ["by tool", { tools: ["read_*"] }, true],
    ["by another tool", { tools: ["write_*"] }, false],
    ["by one of several", { tools: ["write_*", "read_file"] }, true],
    ["by method", { methods: ["tools/*"] }, true],
    ["by another method", { methods: ["resources/*"] }, false],
    ["by tag", { tags: ["production"] }, true],
    ["by a tag that no server has", { tags: ["staging"] }, false],
    ["by client", { clients: ["insp*"] }, true],
    ["by header, whatever its case", { headers: { "X-Region": "eu-*" } }, true],
    ["by a header that was not sent", { headers: { "x-other": "*" } }, false],
    ["by two headers, of which one is wrong", { headers: { "x-region": "eu-*", "x-other": "*" } }, false],
    ["by tenant's id", { tenants: ["t1"] }, true],
    ["by tenant's slug", { tenants: ["acme"] }, true],
    ["by another tenant", { tenants: ["t2"] }, false],
    [
      "by all at once",
      { tools: ["read_file"], methods: ["tools/call"], tags: ["files"], clients: ["*"] },
      true,
    ],
    ["by all at once, of which one is wrong", { tools: ["read_file"], methods: ["tools/list"] }, false],
    ["by a pattern that is none", { tools: ["{"] }, false],
    ["of an empty list holds for all", { tools: [] }, true],
    ["of no subject", { percentage: 0 }, false],
    ["of every subject", { percentage: 100 }, true],
  ])("%s", (_, conditions, expected) => {
    expect(holds(conditions)).toBe(expected);
  });

  it("by tool does not hold where no tool is called, by client not where none has introduced itself", () => {
    expect(holds({ tools: ["*"] }, request({ tool: undefined }))).toBe(false);
    expect(holds({ clients: ["*"] }, request({ client: undefined }))).toBe(false);
  });

  it.each<[RuleConditions, string | undefined]>([
    [{}, undefined],
    [{ tools: ["read_*"], methods: ["tools/*"] }, undefined],
    [{ tools: ["write_*"], percentage: 0 }, "tools"],
    [{ tools: ["read_*"], clients: ["other"], headers: { "X-Region": "us" } }, "clients"],
    [{ tags: ["test"] }, "tags"],
    [{ tenants: ["umbrella"] }, "tenants"],
    [{ headers: { "X-Region": "eu-*", "X-Team": "*" } }, "headers"],
    [{ percentage: 0 }, "percentage"],
  ])("returns the first of its conditions that does not hold: %o", (conditions, unmet) => {
    expect(compileRouting([rule(conditions)])[0]?.unmet(request())).toBe(unmet);
  });

  it("comes by priority, then by name, not by the order in which it was written", () => {
    const rules = compileRouting([
      rule({}, { name: "c", priority: 20 }),
      rule({}, { name: "b", priority: 10 }),
      rule({}, { name: "a", priority: 10 }),
      rule({ tools: ["nothing"] }, { name: "0", priority: 1 }),
    ]);
    expect(matchRule(rules, request())?.name).toBe("a");
    expect(matchRule([], request())).toBeUndefined();
  });
});

describe("a percentage", () => {
  const sessions = Array.from({ length: 20_000 }, (_, at) => `session-${at}`);
  const part = (percentage: number, id = "r1") => {
    const rules = compileRouting([rule({ percentage }, { id })]);
    return new Set(sessions.filter((stableId) => matchRule(rules, request({ stableId })) !== undefined));
  };

  it.each([1, 10, 50, 90])("of %d is about so many", (percentage) => {
    const share = (100 * part(percentage).size) / sessions.length;
    expect(Math.abs(share - percentage)).toBeLessThan(1);
  });

  it("selects the same subjects every time, and grows without removing any", () => {
    const [some, more] = [part(10), part(20)];
    expect(part(10)).toEqual(some);
    expect([...some].filter((id) => !more.has(id))).toEqual([]);
  });

  it("of one rule is not that of another", () => {
    const other = part(50, "r2");
    const both = [...part(50, "r1")].filter((id) => other.has(id)).length / sessions.length;
    expect(both).toBeGreaterThan(0.23);
    expect(both).toBeLessThan(0.27);
  });
});
