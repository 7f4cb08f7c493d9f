import { describe, expect, it } from "vitest";
import { parseClientConfiguration } from "../../../../scripts/cli/import/client-configuration.ts";

const parse = (configuration: object, environment = {}) =>
  parseClientConfiguration(JSON.stringify(configuration), environment);

/** As clients write a value that is kept elsewhere: the name in braces behind a dollar sign. */
const placeholder = (name: string) => ["$", `{${name}}`].join("");

describe("parseClientConfiguration", () => {
  it("reads servers, programs and what is neither", () => {
    const items = parse({
      mcpServers: {
        plain: { url: "https://a.example/mcp" },
        old: { type: "sse", url: "https://b.example/sse" },
        socket: { url: "wss://c.example/ws" },
        files: { command: "npx", args: ["-y", "server-filesystem", "/srv/my files"] },
        nothing: { disabled: true },
      },
    });
    expect(items).toMatchObject([
      { kind: "server", server: { name: "plain", transportType: "http", auth: { type: "none" } } },
      { kind: "server", server: { name: "old", transportType: "sse" } },
      { kind: "server", server: { name: "socket", transportType: "websocket" } },
      { kind: "program", name: "files", command: ["npx", "-y", "server-filesystem", "/srv/my files"] },
      { kind: "skipped", name: "nothing" },
    ]);
  });

  it.each([
    [{ Authorization: "Bearer abc" }, { type: "bearer", token: "abc" }],
    [{ Authorization: "Basic abc" }, { type: "header", name: "Authorization", value: "Basic abc" }],
    [{ "X-Key": placeholder("env:KEY") }, { type: "header", name: "X-Key", value: "from the environment" }],
    [{ "X-Key": placeholder("KEY") }, { type: "header", name: "X-Key", value: "from the environment" }],
  ])("turns the header %j into credentials", (headers, auth) => {
    const servers = { one: { url: "https://a.example/mcp", headers } };
    expect(parse({ servers }, { KEY: "from the environment" })).toMatchObject([{ server: { auth } }]);
  });

  it("skips a server whose header needs a value that is not known", () => {
    const servers = { one: { url: "https://a.example/mcp", headers: { "X-Key": placeholder("input:key") } } };
    expect(parse({ servers })).toMatchObject([{ kind: "skipped", reason: expect.stringContaining("X-Key") }]);
  });

  it("leaves credentials of several headers to the admin", () => {
    const servers = { one: { url: "https://a.example/mcp", headers: { a: "1", b: "2" } } };
    expect(parse({ servers })).toMatchObject([
      { server: { auth: { type: "none" } }, note: expect.any(String) },
    ]);
  });

  it("reads comments and trailing commas of VS Code", () => {
    const text = '{\n  // servers\n  "servers": { "one": { "url": "https://a.example/mcp", }, },\n}';
    expect(parseClientConfiguration(text, {})).toHaveLength(1);
  });

  it.each(["{", "[]", '{"other": {}}'])("refuses %s", (text) => {
    expect(() => parseClientConfiguration(text, {})).toThrow(/JSON|mcpServers/);
  });
});
