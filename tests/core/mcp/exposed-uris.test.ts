import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exposeUri, exposeUris, resolveUri, unwrapUri, wrapUri } from "../../../src/core/mcp/exposed-uris.ts";
import { selectMostSpecific } from "../../../src/core/mcp/uri-template.ts";
import { runs } from "../../support/runs.ts";

const server = fc.constantFrom("a", "b", "Files_2.x", "ui");
const uri = fc.oneof(
  fc.webUrl(),
  fc.constantFrom(
    "file:///etc/motd",
    "ui://app/x.html",
    "ui:",
    "mcp-server:a/x",
    "ui://mcp-server/a/x",
    "",
    "x:y",
  ),
  fc.constantFrom("test://1/data", "test://2/data", "mcp-server:b/mcp-server:a/x", "mcp-server:a/ui://x"),
  fc.string(),
);
const offers = fc.array(fc.record({ server, uri }), { maxLength: 12 });
const templates = fc.array(
  fc.record({
    server,
    template: fc.constantFrom("test://{id}/data", "file:///{+path}", "{+all}", "ui://{x}"),
  }),
  { maxLength: 4 },
);

const matchesTemplate = (template: string, uri: string): boolean =>
  selectMostSpecific(uri, [{ server: "a", template }]) !== undefined;

describe("wrapped URIs", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(server, uri, (owner, own) => {
        expect(unwrapUri(wrapUri(owner, own))).toEqual({ server: owner, uri: own });
        expect(unwrapUri(wrapUri("b", wrapUri(owner, own)))).toEqual({
          server: "b",
          uri: wrapUri(owner, own),
        });
      }),
    );
  });

  it("are left alone by URL parsers, capitals of the server included", () => {
    for (const own of ["file:///etc/motd?x=1#y", "test://a//b", "ui://app/x.html", "urn:isbn:1"]) {
      const wrapped = wrapUri("Files_2.x", own);
      expect(new URL(wrapped).href).toBe(wrapped);
    }
  });

  it("keep the scheme that hosts of user interfaces require", () => {
    expect(wrapUri("a", "ui://app/x.html")).toBe("ui://mcp-server/a/app/x.html");
  });

  it("stay templates: expanding the wrapped is wrapping the expanded", () => {
    const expand = (template: string) => template.replaceAll("{id}", "7").replaceAll("{+path}", "a/b");
    for (const template of ["test://{id}/data", "file:///{+path}", "ui://{id}/x"]) {
      expect(expand(wrapUri("a", template))).toBe(wrapUri("a", expand(template)));
      expect(matchesTemplate(wrapUri("a", template), wrapUri("a", expand(template)))).toBe(true);
    }
  });

  it.each([
    "mcp-server:",
    "mcp-server:a",
    "mcp-server:/x",
    "ui://mcp-server//x",
    "mcp-server:a/ui://x",
    "file:///x",
  ])("are not %s", (text) => {
    expect(unwrapUri(text)).toBe(undefined);
  });
});

describe("exposeUris", () => {
  it("leads every exposed URI back to its offer, whatever the order of offers", () => {
    fc.assert(
      fc.property(offers, fc.uniqueArray(server), (all, priority) => {
        const table = exposeUris(all, priority);
        const distinct = new Set(all.map((one) => JSON.stringify([one.server, one.uri])));
        expect(table.lookup.size).toBe(distinct.size);
        for (const { exposed, ...own } of table.entries) expect(table.lookup.get(exposed)).toEqual(own);
        expect(exposeUris(all.toReversed(), priority)).toEqual(table);
      }),
    );
  });

  it("wraps only for later servers what several offer, and always what looks wrapped", () => {
    const all = [
      { server: "a", uri: "x:1" },
      { server: "b", uri: "x:1" },
      { server: "b", uri: "x:2" },
      { server: "a", uri: "mcp-server:b/x:2" },
    ];
    expect(exposeUris(all, ["b"]).entries.map(({ exposed }) => exposed)).toEqual([
      "x:1",
      "x:2",
      "mcp-server:a/mcp-server:b/x:2",
      "mcp-server:a/x:1",
    ]);
  });
});

describe("routing", () => {
  it("resolves whatever a server exposes to that server, or to none", () => {
    fc.assert(
      fc.property(offers, templates, server, uri, (all, owners, owner, own) => {
        const routes = { lookup: exposeUris(all).lookup, templates: owners };
        const found = resolveUri(exposeUri(owner, own, routes), routes);
        if (found !== undefined) expect(found).toEqual({ server: owner, uri: own });
      }),
      { numRuns: runs(500) },
    );
  });

  it("names listed resources outside as the list does", () => {
    fc.assert(
      fc.property(offers, templates, (all, owners) => {
        const { entries, lookup } = exposeUris(all);
        for (const entry of entries) {
          expect(exposeUri(entry.server, entry.uri, { lookup, templates: owners })).toBe(entry.exposed);
        }
      }),
    );
  });

  it.each([
    ["listed:1", { server: "a", uri: "listed:1" }],
    ["mcp-server:c/x", { server: "c", uri: "x" }],
    ["test://7/data", { server: "b", uri: "test://7/data" }],
    ["test://7/other", { server: "a", uri: "test://7/other" }],
    ["unknown:1", undefined],
  ])("%s", (text, expected) => {
    const routes = {
      lookup: exposeUris([{ server: "a", uri: "listed:1" }]).lookup,
      templates: [
        { server: "a", template: "test://{+rest}" },
        { server: "b", template: "test://{id}/data" },
      ],
    };
    expect(resolveUri(text, routes)).toEqual(expected);
  });
});

describe("templates", () => {
  it.each([
    ["test://{id}/data", "test://7/data", true],
    ["test://{id}/data", "test://7/8/data", false],
    ["test://{id}/data", "test:///data", false],
    ["test://{id}", "test://7?x", false],
    ["{a}{b}", "xy", true],
    ["{a,b}", "1,2", true],
    ["{a:3}-{b*}", "abc-1,2", true],
    ["file:///{+path}", "file:///a/b/c?d#e", true],
    ["file:///{+path}", "file:///", false],
    ["x:a{/p}", "x:a/b", true],
    ["x:a{/p}", "x:a/b/c", false],
    ["x:a{/p*}", "x:a/b/c", true],
    ["x:a{/p}", "x:a", true],
    ["x:a{?q,r}", "x:a?q=1&r=2", true],
    ["x:a{?q}", "x:a", true],
    ["x:a?f=1{&q}", "x:a?f=1&q=2", true],
    ["x:a{#f}", "x:a#b/c", true],
    ["x:a{.ext}", "x:a.tar", true],
    ["x:a{;p}", "x:a;p=1", true],
    ["x:a", "x:a", true],
    ["x:a", "x:ab", false],
    ["x:{a", "x:{a", false],
    ["x:a}", "x:a}", false],
    ["x:{}", "x:{}", false],
    ["x:{a}}", "x:b}", false],
    ["x:{a b}", "x:1", false],
    ["x:(.*){a}", "x:zz1", false],
    ["x:(.*){a}", "x:(.*)1", true],
  ])("%s and %s", (template, text, expected) => {
    expect(matchesTemplate(template, text)).toBe(expected);
  });

  it("match what they expand to, and never throw", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9%._~-]{1,5}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z/:]{0,3}$/), word)), (pieces) => {
        const template = pieces.map(([literal]) => `${literal}{v}`).join("");
        expect(matchesTemplate(template, pieces.flat().join(""))).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (template, text) => void matchesTemplate(template, text)),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[{}+/?a,*]{0,12}$/), fc.string(), (template, text) => {
        matchesTemplate(template, text);
      }),
    );
  });

  it("that are made to be slow are not", () => {
    const started = performance.now();
    expect(matchesTemplate("{+a}".repeat(16), `${"a".repeat(8000)}`)).toBe(true);
    expect(matchesTemplate(`${"{+a}".repeat(16)}!`, `${"a".repeat(8000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it.each([
    [["{+all}", "test://{+rest}", "test://{id}/data"], "test://{id}/data"],
    [["x{+a}", "x{a}"], "x{a}"],
    [["x{a}{b}", "x{a}"], "x{a}"],
    [["x{a}", "x{b}"], "x{a}"],
  ])("of %j the most specific wins", (all, expected) => {
    const uriOf = expected.startsWith("x") ? "xyz" : "test://7/data";
    const owners = all.map((template, position) => ({ server: `s${position}`, template }));
    expect(selectMostSpecific(uriOf, owners)?.template).toBe(expected);
  });
});
