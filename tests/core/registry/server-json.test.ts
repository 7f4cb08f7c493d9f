import { describe, expect, it } from "vitest";
import { parseServerJson, removeForeignMeta } from "../../../src/core/registry/server-json.ts";
import { isVersionRange, latestVersion } from "../../../src/core/registry/versions.ts";

const minimal = { name: "com.example/weather", description: "Weather.", version: "1.0.0" };
const stdio = { type: "stdio" };
const npm = { registryType: "npm", identifier: "@example/weather", version: "1.0.0", transport: stdio };

describe("server.json", () => {
  it.each<[string, Record<string, unknown>]>([
    ["the least", {}],
    ["a version that is no semver", { version: "2026.11.21-nightly" }],
    [
      "a remote with variables and headers",
      {
        remotes: [
          {
            type: "streamable-http",
            url: "https://{region}.example.com/mcp",
            variables: { region: { default: "eu", choices: ["eu", "us"], isRequired: true } },
            headers: [
              { name: "Authorization", value: "Bearer {token}", isSecret: true, variables: { token: {} } },
            ],
          },
          { type: "sse", url: "https://example.com/sse" },
        ],
      },
    ],
    [
      "a package with everything",
      {
        packages: [
          {
            ...npm,
            registryBaseUrl: "https://registry.npmjs.org",
            runtimeHint: "npx",
            fileSha256: "a".repeat(64),
            runtimeArguments: [{ type: "positional", value: "-y" }],
            packageArguments: [{ type: "named", name: "--port", default: "80", isRepeated: false }],
            environmentVariables: [{ name: "KEY", isSecret: true, format: "string" }],
          },
        ],
      },
    ],
    [
      "a package that is a file",
      { packages: [{ registryType: "mcpb", identifier: "https://x.example/a.mcpb", transport: stdio }] },
    ],
    [
      "an icon",
      {
        icons: [
          { src: "https://example.com/i.png", mimeType: "image/png", sizes: ["48x48", "any"], theme: "dark" },
        ],
      },
    ],
    [
      "a repository",
      { repository: { url: "https://github.com/example/weather", source: "github", subfolder: "a" } },
    ],
    ["unknown members", { somethingNew: { of: "a later revision" } }],
    [
      "metadata of the publisher's",
      { _meta: { "io.modelcontextprotocol.registry/publisher-provided": { a: 1 } } },
    ],
  ])("takes %s", (_what, more) =>
    expect(parseServerJson({ ...minimal, ...more })).toMatchObject({ ok: true }),
  );

  it.each<[string, unknown, string]>([
    ["no object", "text", ""],
    ["nothing", null, ""],
    ["no name", { ...minimal, name: undefined }, ""],
    ["a name without a namespace", { ...minimal, name: "weather" }, "/name"],
    ["a name with two slashes", { ...minimal, name: "com.example/a/b" }, "/name"],
    ["a name with a space", { ...minimal, name: "com.example/my weather" }, "/name"],
    ["no description", { ...minimal, description: "" }, "/description"],
    ["a long description", { ...minimal, description: "x".repeat(101) }, "/description"],
    ["a long title", { ...minimal, title: "x".repeat(101) }, "/title"],
    ["a version range", { ...minimal, version: "^1.2.3" }, "/version"],
    ["the latest version", { ...minimal, version: "latest" }, "/version"],
    [
      "a package of the latest version",
      { ...minimal, packages: [{ ...npm, version: "latest" }] },
      "/packages/0/version",
    ],
    ["a package of a range", { ...minimal, packages: [{ ...npm, version: "1.x" }] }, "/packages/0/version"],
    [
      "a package without a transport",
      { ...minimal, packages: [{ ...npm, transport: undefined }] },
      "/packages/0",
    ],
    ["a remote over stdio", { ...minimal, remotes: [{ type: "stdio" }] }, "/remotes/0/type"],
    ["a remote without an address", { ...minimal, remotes: [{ type: "sse" }] }, "/remotes/0"],
    ["a remote by ftp", { ...minimal, remotes: [{ type: "sse", url: "ftp://x.example" }] }, "/remotes/0/url"],
    ["an icon without TLS", { ...minimal, icons: [{ src: "http://example.com/i.png" }] }, "/icons/0/src"],
    [
      "a positional argument of nothing",
      { ...minimal, packages: [{ ...npm, packageArguments: [{ type: "positional" }] }] },
      "/packages/0/packageArguments/0",
    ],
    [
      "a header without a name",
      { ...minimal, remotes: [{ type: "sse", url: "https://x.example", headers: [{}] }] },
      "/remotes/0/headers/0",
    ],
    ["a website that is no URL", { ...minimal, websiteUrl: "our website" }, "/websiteUrl"],
    [
      "too much of the publisher's",
      {
        ...minimal,
        _meta: { "io.modelcontextprotocol.registry/publisher-provided": { a: "x".repeat(5000) } },
      },
      "/_meta/io.modelcontextprotocol.registry~1publisher-provided",
    ],
  ])("rejects %s, with its path", (_what, value, path) => {
    const verdict = parseServerJson(JSON.parse(JSON.stringify(value)));
    expect(verdict.ok).toBe(false);
    expect(verdict.ok ? [] : verdict.issues.map((issue) => issue.path)).toContain(path);
  });

  it("is stored without what only a registry may set", () => {
    const own = { "io.modelcontextprotocol.registry/publisher-provided": { tool: "cli" } };
    const given = {
      ...minimal,
      _meta: { ...own, "io.modelcontextprotocol.registry/official": { isLatest: true } },
    };
    expect(removeForeignMeta(given)).toEqual({ ...minimal, _meta: own });
    expect(removeForeignMeta({ ...minimal, _meta: {} })).toEqual(minimal);
  });
});

describe("the latest version", () => {
  it.each([
    ["1.0.0 1.1.0", "1.1.0"],
    ["1.1.0 1.0.0", "1.1.0"],
    ["1.9.0 1.10.0", "1.10.0"],
    ["1.0.0 1.0.0-rc.1", "1.0.0"],
    ["1.0.0-rc.1 1.0.0-rc.2", "1.0.0-rc.2"],
    ["1.0.0-rc.10 1.0.0-rc.9", "1.0.0-rc.10"],
    ["1.0.0-alpha 1.0.0-alpha.1", "1.0.0-alpha.1"],
    ["1.0.0-1 1.0.0-alpha", "1.0.0-alpha"],
    ["1.0.0+a 1.0.0+b", "1.0.0+b"],
    ["2.0.0 nightly", "nightly"],
    ["nightly 1.0.0", "1.0.0"],
    ["2.0.0 nightly 1.0.0", "1.0.0"],
    ["v2.0.0 1.0.0", "v2.0.0"],
  ])("of %s is %s", (published, expected) => {
    const versions = published
      .split(" ")
      .map((version, index) => ({ version, publishedAt: new Date(index * 1000) }));
    expect(latestVersion(versions)?.version).toBe(expected);
    expect(latestVersion(versions.toReversed())?.version).toBe(expected);
  });

  it.each(["^1.2.3", "~1.2.3", ">=1.2.3", "<2", "1.x", "1.2.*", "*", "latest", "1 || 2", "1.0 - 2.0"])(
    "is never %s",
    (text) => expect(isVersionRange(text)).toBe(true),
  );

  it.each(["1.2.3", "1.2.3-x.7", "2026-11-21", "v1", "1.0.0+build.5", "next"])("may be %s", (text) =>
    expect(isVersionRange(text)).toBe(false),
  );
});
