import { describe, expect, it } from "vitest";
import { findPublishingFaults, SERVER_SCHEMA_URL } from "../../../src/core/registry/publishing-rules.ts";

const minimal = {
  $schema: SERVER_SCHEMA_URL,
  name: "com.example/weather",
  description: "Weather.",
  version: "1.0.0",
};
const transport = { type: "stdio" };
const remote = { type: "streamable-http", url: "https://{region}.example.com/mcp" };
const local = { type: "streamable-http", url: "http://127.0.0.1:{port}/{path}" };
const npm = { registryType: "npm", identifier: "x", version: "1.0.0", transport };

describe("a server.json", () => {
  it.each<[string, Record<string, unknown>]>([
    ["is the least", {}],
    ["defines its variables", { remotes: [{ ...remote, variables: { region: {} } }] }],
    ["is a file with its hash", { packages: [{ ...npm, registryType: "mcpb", fileSha256: "a".repeat(64) }] }],
    [
      "requires the variables of its address",
      {
        packages: [
          {
            ...npm,
            transport: local,
            environmentVariables: [{ name: "port" }],
            packageArguments: [{ type: "positional", valueHint: "path" }],
          },
        ],
      },
    ],
  ])("can be published where it %s", (_, more) => {
    expect(findPublishingFaults({ ...minimal, ...more })).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ["names no schema", { $schema: undefined }, ["/$schema"]],
    ["names another schema", { $schema: "https://example.com/schema.json" }, ["/$schema"]],
    [
      "has a package of an unknown kind",
      { packages: [{ ...npm, registryType: "brew" }] },
      ["/packages/0/registryType"],
    ],
    [
      "has a file without a hash",
      { packages: [npm, { ...npm, registryType: "mcpb" }] },
      ["/packages/1/fileSha256"],
    ],
    ["does not define a variable", { remotes: [remote] }, ["/remotes/0/url"]],
    [
      "does not declare the variables of an address",
      { packages: [{ ...npm, transport: local }] },
      ["/packages/0/transport/url", "/packages/0/transport/url"],
    ],
  ])("cannot be published where it %s", (_, more, paths) => {
    expect(findPublishingFaults({ ...minimal, ...more }).map(({ path }) => path)).toEqual(paths);
  });
});
