/** Calls that need more than a member has consented to: the member is asked for it in the terms of the client, and the call works then. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startAuthorizationServer } from "../fixtures/authorization-server.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { connectAccount, consent, createOAuthMembers, type OAuthMembers } from "../fixtures/oauth-members.ts";
import { CLIENT_REVISIONS, connectClient } from "../fixtures/policy-clients.ts";
import { SERVER_KINDS, type ServerKind, startPolicyServer } from "../fixtures/policy-servers.ts";
import { answerIn, askModern } from "../fixtures/wire.ts";

let gateway: TestGateway;
let members: OAuthMembers;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  members = createOAuthMembers(gateway, databaseOfThisRun().ownerUrl);
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(async () => {
  await members.close();
  await gateway.close();
});

/** Ann has consented to `notes.read`, and calls need `notes.write`. */
async function openPlace(kind: ServerKind) {
  const authorization = await startAuthorizationServer();
  const server = await startPolicyServer("notes", kind);
  ends.push(server.stop, authorization.close);
  const tokenOf = (header: string) => header.replace("Bearer ", "");
  server.acceptIf((header) => authorization.findUser(tokenOf(header)) !== undefined);
  const tenant = await gateway.addTenant();
  const serverId = await tenant.addServer({
    ...{ name: "notes", url: server.url, transport: server.transport },
    credentials: { type: "user_oauth", issuer: authorization.issuer, scopes: ["notes.read"] },
  });
  const ann = await members.add(tenant, "admin");
  await connectAccount(ann.browser, serverId, { isForDiscovery: "yes" });
  server.demand((header) =>
    authorization.findScope(tokenOf(header))?.includes("notes.write") === true ? undefined : "notes.write",
  );
  /** As the member does who follows the link. */
  const allow = async () => {
    const path = `/account/connections/${serverId}`;
    ann.browser.leftFor = undefined;
    const page = await ann.browser.go(`${path}?organization=${tenant.id}&scope=notes.write`);
    expect(page.text).toContain("notes.write");
    await ann.browser.submit(page, `${path}/authorize`);
    await ann.browser.go(await consent(ann.browser.leftFor ?? ""));
  };
  return { authorization, server, tenant, ann, allow };
}

const CALL = { name: "write", arguments: {} };
/** Over a WebSocket there is no response to a single message that could have a challenge. */
const KINDS = SERVER_KINDS.filter((kind) => kind !== "WebSocket");

describe.each(KINDS)("a %s server whose call needs a further scope", (kind) => {
  it("requests consent from the member, in every revision, and the call works after it", async () => {
    const { authorization, tenant, ann, server, allow } = await openPlace(kind);
    const paths = ["/mcp/notes", "/mcp"];
    for (const path of paths) {
      for (const revision of CLIENT_REVISIONS) {
        const client = await connectClient(revision, { url: gateway.url + path, key: ann.key });
        const { message } = await client.ask("tools/call", CALL);
        await client.close();
        const about = `${revision} at ${path}`;
        expect(JSON.stringify(message), about).toContain(`organization=${tenant.id}&scope=notes.write`);
      }
    }
    expect(server.operations).toEqual([]);
    // No other token would help, so none was obtained.
    expect(authorization.tokenRequests).toHaveLength(1);
    await allow();
    expect(authorization.authorizations.at(-1)?.get("scope")).toBe("notes.read notes.write");
    for (const path of paths) {
      for (const revision of CLIENT_REVISIONS) {
        const client = await connectClient(revision, { url: gateway.url + path, key: ann.key });
        await vi.waitFor(
          async () => {
            const { message } = await client.ask("tools/call", CALL);
            expect(message.result, `${revision} at ${path}: ${JSON.stringify(message)}`).toMatchObject({});
            expect(message.result?.isError, JSON.stringify(message)).not.toBe(true);
          },
          { timeout: 10_000, interval: 200 },
        );
        await client.close();
      }
    }
  });

  it("continues the call of a client that has opened the link, while the member consents", async () => {
    const { ann, allow } = await openPlace(kind);
    const endpoint = { url: `${gateway.url}/mcp`, key: ann.key };
    const capabilities = { elicitation: { url: {} } };
    const { result } = await answerIn(await askModern(endpoint, "tools/call", CALL, { capabilities }));
    expect(result).toMatchObject({
      resultType: "input_required",
      inputRequests: { "gateway-account": { params: { mode: "url" } } },
    });
    const accepted = { ...CALL, inputResponses: { "gateway-account": { action: "accept" } } };
    const waiting = askModern(endpoint, "tools/call", accepted, { capabilities });
    await allow();
    const answered = await answerIn(await waiting);
    expect(answered.result, JSON.stringify(answered)).toMatchObject({ resultType: "complete" });
    expect(answered.result?.isError).not.toBe(true);
  });
});
