/** Two principals with different rights at the same addresses: neither ever sees, or calls, what is the other's only. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";
import { type Endpoint, LegacySession, modern, type RpcMessage, textIn } from "../fixtures/wire.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let tinies: TinyServers;
let servers: TinyServer[];
/** May use everything. */
let trusted: string;
/** May use neither the tool nor the resource that is secret. */
let restricted: string;

beforeAll(async () => {
  [gateway, tinies] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
  servers = (["modern", "legacy"] as const).map((era) =>
    tinies.add(era, { era, tools: ["open", "secret"], resources: [`${era}://open`, `${era}://secret`] }),
  );
  tenant = await gateway.addTenant({ servers: servers.map(({ name, url }) => ({ name, url })) });
  [trusted, restricted] = await Promise.all([tenant.addKey(), tenant.addKey()]);
  await tenant.deny(restricted, "tool", "secret");
  await tenant.deny(restricted, "resource", "*secret");
});
afterAll(async () => {
  await gateway?.close();
  await tinies?.close();
});

type Ask = (method: string, params?: Record<string, unknown>) => Promise<RpcMessage>;

const CLIENTS: [string, (endpoint: Endpoint) => Promise<Ask>][] = [
  ["a modern client", async (endpoint) => (method, params) => modern(endpoint, method, params)],
  [
    "a legacy client",
    async (endpoint) => {
      const session = await LegacySession.begin(endpoint);
      return (method, params) => session.ask(method, params);
    },
  ],
];

/** Where, what its tools are called there, and whose resources are there. */
const PLACES: [string, string, string, readonly string[]][] = [
  ["a modern server alone", "/modern", "", ["modern"]],
  ["a legacy server alone", "/legacy", "", ["legacy"]],
  ["a modern server among others", "", "modern__", ["modern", "legacy"]],
  ["a legacy server among others", "", "legacy__", ["modern", "legacy"]],
];

describe.each(CLIENTS)("to %s", (client, connect) => {
  describe.each(PLACES)("of %s", (_place, path, prefix, schemes) => {
    const asking = (key: string) => connect({ url: `${gateway.url}/mcp${path}`, key });

    it("every principal gets their own list, after and beside requests of others", async () => {
      const [all, some] = await Promise.all([asking(trusted), asking(restricted)]);
      const turns = [some, all, some, all, all, some];
      const rounds = [
        await Promise.all(turns.map((ask) => ask("tools/list"))),
        await Promise.all(turns.map((ask) => ask("tools/list"))),
      ];
      for (const [turn, { result }] of rounds.flat().entries()) {
        const listed = JSON.stringify(result);
        expect(listed).toContain(`"${prefix}open"`);
        expect(listed.includes("secret")).toBe(turns[turn % turns.length] === all);
        if (client === "a modern client") expect(result?.cacheScope).toBe("private");
      }
      for (const [ask, hidden] of [
        [all, false],
        [some, true],
      ] as const) {
        const listed = JSON.stringify((await ask("resources/list")).result);
        for (const scheme of schemes) expect(listed.includes(`${scheme}://secret`)).toBe(!hidden);
      }
    });

    it("foreign items are unknown to them, and requests for them never reach their server", async () => {
      const [all, some] = await Promise.all([asking(trusted), asking(restricted)]);
      const call = (ask: Ask, name: string) => ask("tools/call", { name, arguments: {} });
      expect(textIn(await call(all, `${prefix}secret`))).toMatch(/:secret$/);
      for (const server of servers) server.received.length = 0;
      for (const name of [`${prefix}secret`, "secret"]) {
        const refused = await call(some, name);
        // The same message as for an unknown tool.
        expect(refused.error).toMatchObject({ code: -32602, message: `Unknown tool: ${name}` });
      }
      for (const scheme of schemes) {
        const { error } = await some("resources/read", { uri: `${scheme}://secret` });
        expect(error?.message).toMatch(/not found/i);
        expect([-32602, -32002]).toContain(error?.code);
      }
      const received = servers.flatMap((server) => server.received.map(({ method }) => method));
      expect(received.filter((method) => /call|read/.test(method))).toEqual([]);
      expect(textIn(await call(some, `${prefix}open`))).toMatch(/:open$/);
    });
  });
});
