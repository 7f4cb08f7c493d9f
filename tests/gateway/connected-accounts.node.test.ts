/**
 * Servers where every member acts with a credential of their own: two members are two identities to one server, in every
 * revision and over every transport, and the answer to a member without an account
 * names the page where to connect one.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { CLIENT_REVISIONS, type ClientRevision, connectClient } from "../fixtures/policy-clients.ts";
import {
  type PolicyServer,
  SERVER_KINDS,
  type ServerKind,
  startPolicyServer,
} from "../fixtures/policy-servers.ts";
import { answerIn, askModern, LegacySession } from "../fixtures/wire.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterAll(() => gateway.close());

interface Place {
  readonly server: PolicyServer;
  readonly serverId: string;
  readonly tenant: TestTenant;
  /** Keys of two members. */
  readonly ann: string;
  readonly bob: string;
}

async function rest(key: string, method: string, path: string, body?: object) {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function connect(key: string, serverId: string, secret: string, isForDiscovery = false): Promise<void> {
  const sent = await rest(key, "PUT", `/connected-accounts/${serverId}`, { secret, isForDiscovery });
  expect(sent).toEqual({ status: 204, text: "" });
}

async function openPlace(kind: ServerKind, check: (place: Place) => Promise<void>): Promise<void> {
  const server = await startPolicyServer("notes", kind);
  server.accept(["Bearer token-of-ann", "Bearer token-of-bob"]);
  try {
    const tenant = await gateway.addTenant();
    const { url, transport } = server;
    const serverId = await tenant.addServer({
      name: "notes",
      url,
      transport,
      credentials: { type: "user_secret" },
    });
    const ann = await tenant.addKey({ role: "admin", scopes: ["read", "write", "admin", "proxy"] });
    const bob = await tenant.addKey({ role: "user" });
    await check({ server, serverId, tenant, ann, bob });
  } finally {
    await server.stop();
  }
}

const call = async (revision: ClientRevision, path: string, key: string) => {
  const client = await connectClient(revision, { url: gateway.url + path, key });
  try {
    return await client.ask("tools/call", { name: "write", arguments: {} });
  } finally {
    await client.close();
  }
};

describe.each(SERVER_KINDS)("a %s server that takes a secret of each member", (kind) => {
  it("sees two members as two identities, in every revision and on both endpoints", () =>
    openPlace(kind, async ({ server, serverId, ann, bob }) => {
      await connect(ann, serverId, "token-of-ann", true);
      await connect(bob, serverId, "token-of-bob");
      for (const path of ["/mcp/notes", "/mcp"]) {
        for (const revision of CLIENT_REVISIONS) {
          for (const [key, name] of [
            [ann, "ann"],
            [bob, "bob"],
          ] as const) {
            await vi.waitFor(
              async () => {
                const { message } = await call(revision, path, key);
                expect(message.result, `${revision} at ${path}: ${JSON.stringify(message)}`).toMatchObject(
                  {},
                );
              },
              { timeout: 20_000, interval: 300 },
            );
            expect(server.callers.at(-1), `${revision} at ${path}`).toBe(`Bearer token-of-${name}`);
          }
        }
      }
      expect(new Set(server.callers)).toEqual(new Set(["Bearer token-of-ann", "Bearer token-of-bob"]));
    }));
});

const connectLink = (serverId: string, { id }: TestTenant) =>
  `${gateway.url}/account/connections/${serverId}?organization=${id}`;

const toolError = z.object({ isError: z.literal(true), content: z.array(z.object({ text: z.string() })) });

describe("a member without an account", () => {
  it("gets an input request at revision 2026-07-28, and the call goes on after consent", () =>
    openPlace("modern HTTP", async ({ server, serverId, tenant, bob }) => {
      const endpoint = { url: `${gateway.url}/mcp/notes`, key: bob };
      const ask = (params: object, capabilities: object) =>
        askModern(endpoint, "tools/call", { name: "write", arguments: {}, ...params }, { capabilities });
      const urls = { elicitation: { url: {} } };
      const asked = await ask({}, urls);
      expect(asked.status).toBe(200);
      expect((await answerIn(asked)).result).toEqual({
        resultType: "input_required",
        inputRequests: {
          "gateway-account": {
            method: "elicitation/create",
            params: {
              mode: "url",
              elicitationId: expect.any(String),
              url: connectLink(serverId, tenant),
              message: expect.stringContaining("requires your own account"),
            },
          },
        },
      });
      const inputResponses = { "gateway-account": { action: "accept" } };
      const resumed = ask({ inputResponses }, urls);
      await connect(bob, serverId, "token-of-bob");
      expect((await answerIn(await resumed)).result).toMatchObject({ resultType: "complete" });
      expect(server.callers).toEqual(["Bearer token-of-bob"]);
    }));

  it("gets no input request after a refusal, nor where the client cannot open a URL", () =>
    openPlace("modern HTTP", async ({ server, serverId, tenant, bob }) => {
      const endpoint = { url: `${gateway.url}/mcp/notes`, key: bob };
      const inputResponses = { "gateway-account": { action: "decline" } };
      for (const [params, capabilities] of [
        [{ inputResponses }, { elicitation: { url: {} } }],
        [{}, { elicitation: {} }],
        [{}, {}],
      ] as const) {
        const asking = askModern(endpoint, "tools/call", { name: "write", ...params }, { capabilities });
        const { result } = await answerIn(await asking);
        expect(toolError.parse(result).content[0]?.text).toContain(connectLink(serverId, tenant));
        expect(result).toMatchObject({ resultType: "complete" });
      }
      expect(server.operations).toEqual([]);
    }));

  it("gets the error for a required URL elicitation at revision 2025-11-25", () =>
    openPlace("legacy HTTP", async ({ serverId, tenant, ann, bob }) => {
      await connect(ann, serverId, "token-of-ann", true);
      const capabilities = { elicitation: { url: {} } };
      const session = await vi.waitFor(
        async () => {
          const opened = await LegacySession.begin({ url: `${gateway.url}/mcp`, key: bob }, { capabilities });
          const { result } = await opened.ask("tools/list");
          expect(JSON.stringify(result)).toContain("write");
          return opened;
        },
        { timeout: 20_000, interval: 300 },
      );
      const { error } = await session.ask("tools/call", { name: "write", arguments: {} });
      expect(error).toMatchObject({
        code: -32042,
        data: { elicitations: [{ mode: "url", url: connectLink(serverId, tenant) }] },
      });
    }));

  it("gets a tool error with the link at older revisions", () =>
    openPlace("legacy HTTP", async ({ serverId, tenant, ann, bob }) => {
      await connect(ann, serverId, "token-of-ann", true);
      for (const revision of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const) {
        const client = await connectClient(revision, { url: `${gateway.url}/mcp`, key: bob });
        await vi.waitFor(
          async () => {
            const { message } = await client.ask("tools/call", { name: "write", arguments: {} });
            const { content } = toolError.parse(message.result);
            expect(content[0]?.text).toContain(connectLink(serverId, tenant));
          },
          { timeout: 20_000, interval: 300 },
        );
        await client.close();
      }
    }));

  it("cannot use the server with a key that is no member's", () =>
    openPlace("modern HTTP", async ({ server, tenant }) => {
      const endpoint = { url: `${gateway.url}/mcp/notes`, key: tenant.apiKey };
      const { error } = await answerIn(await askModern(endpoint, "tools/call", { name: "write" }));
      expect(error).toMatchObject({ code: -31403, message: expect.stringContaining("belongs to no member") });
      expect(server.operations).toEqual([]);
    }));
});

describe("an account", () => {
  const callModern = async (key: string) => {
    const endpoint = { url: `${gateway.url}/mcp/notes`, key };
    return answerIn(await askModern(endpoint, "tools/call", { name: "write", arguments: {} }));
  };
  const isConnected = { resultType: "complete" };
  const soon = { timeout: 5000, interval: 100 };

  it("is replaced, rejected and disconnected without opening the server's circuit breaker", () =>
    openPlace("modern HTTP", async ({ server, serverId, ann, bob }) => {
      await connect(bob, serverId, "revoked");
      for (let count = 0; count < 30; count += 1) {
        const { result } = await callModern(bob);
        expect(toolError.parse(result).content[0]?.text).toContain(
          count === 0 ? "rejected the credential" : "Connect it again",
        );
      }
      await connect(bob, serverId, "token-of-bob");
      await connect(ann, serverId, "token-of-ann");
      await vi.waitFor(async () => expect((await callModern(bob)).result).toMatchObject(isConnected), soon);
      expect((await callModern(ann)).result).toMatchObject(isConnected);
      expect(await rest(bob, "DELETE", `/connected-accounts/${serverId}`)).toEqual({ status: 204, text: "" });
      await vi.waitFor(
        async () => expect(toolError.safeParse((await callModern(bob)).result).success).toBe(true),
        soon,
      );
      expect((await callModern(ann)).result).toMatchObject(isConnected);
      expect(server.callers.filter((caller) => caller.includes("revoked"))).toEqual([]);
    }));

  it("is not sent to another origin that the server is moved to", () =>
    openPlace("modern HTTP", async ({ serverId, ann }) => {
      const other = await startPolicyServer("other", "modern HTTP");
      await connect(ann, serverId, "token-of-ann");
      const read = await fetch(`${gateway.url}/api/v1/servers/${serverId}`, {
        headers: { authorization: `Bearer ${ann}` },
      });
      const moved = await fetch(`${gateway.url}/api/v1/servers/${serverId}`, {
        method: "PATCH",
        headers: {
          ...{ authorization: `Bearer ${ann}`, "content-type": "application/json" },
          "if-match": read.headers.get("etag") ?? "",
        },
        body: JSON.stringify({ endpointUrl: other.url }),
      });
      expect(moved.status, await moved.text()).toBe(200);
      await vi.waitFor(async () => {
        const { result } = await callModern(ann);
        expect(toolError.parse(result).content[0]?.text).toContain("no longer works");
      }, soon);
      expect(other.callers).toEqual([]);
      await other.stop();
    }));
});
