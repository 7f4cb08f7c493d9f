/**
 * Every call of src that leaves the gateway, with the test that attacks its reader. A new outbound path fails here until
 * it has a hostile peer.
 */
import { globSync, readFileSync } from "node:fs";
import { parseAst } from "vite";
import { describe, expect, it } from "vitest";
import { socialConfigs } from "../../src/identity/users/social-providers.ts";

const PEERS = "tests/security/hostile-peers.node.test.ts";
const CHANNELS = "tests/security/hostile-channels.node.test.ts";
const SOURCES = "tests/security/hostile-sources.node.test.ts";

/** The tests that attack what a file sends for, by a text in each of them. */
const ATTACKED: Readonly<Record<string, readonly (readonly [file: string, text: string])[]>> = {
  "src/upstream/transports/http/exchange.ts": [[PEERS, "ends a call with an error"]],
  "src/upstream/transports/http/wire.ts": [[PEERS, "ends the discovery of a %s server"]],
  "src/upstream/protocol/modern-request.ts": [[PEERS, "ends the discovery of a %s server"]],
  "src/gateway/pipeline/send-http.ts": [[PEERS, "modern client, modern server"]],
  "src/gateway/forward/forward.ts": [[PEERS, "MODERN_CALLER_OF_ALL"]],
  "src/gateway/aggregate/upstream-subscription.ts": [[PEERS, "ends the subscription of all servers"]],
  "src/upstream/transports/sse/channel.ts": [[CHANNELS, "an HTTP+SSE server"]],
  "src/upstream/transports/websocket/channel.ts": [[CHANNELS, "a WebSocket server"]],
  "src/upstream/transports/websocket/worker-socket.ts": [[CHANNELS, "a WebSocket server"]],
  "src/registry/sync.ts": [[SOURCES, "a registry source"]],
  "src/operations/alerts/notify.ts": [[SOURCES, "a webhook receiver"]],
  "src/logs/otlp-client.ts": [[SOURCES, "a trace collector"]],
  "src/connected-accounts/discover-authorization.ts": [
    [SOURCES, "the authorization server of connected accounts"],
  ],
  "src/connected-accounts/oauth-fetch.ts": [[SOURCES, "the authorization server of connected accounts"]],
  "src/connected-accounts/register-client.ts": [[SOURCES, "the token endpoint of connected accounts"]],
  "src/connected-accounts/token-endpoint.ts": [[SOURCES, "the token endpoint of connected accounts"]],
  "src/identity/oauth/client-metadata.ts": [[SOURCES, "a client metadata document"]],
  "src/identity/sso/oidc-client.ts": [
    [SOURCES, "the provider of an organization"],
    [SOURCES, '"token_endpoint", "jwks_uri", "userinfo_endpoint"'],
  ],
  "src/identity/sso/txt-records.ts": [[SOURCES, "a DNS resolver"]],
  "src/identity/users/breached-passwords.ts": [[SOURCES, "a breached-password service"]],
  "src/identity/users/social-providers.ts": [
    [SOURCES, "the token endpoint of an identity provider"],
    [SOURCES, "the user-info endpoint of an identity provider"],
  ],
};

/** Calls of the same names that reach the gateway itself or its own platform. */
const INTERNAL: Readonly<Record<string, string>> = {
  "src/app.ts": "the Worker's own handlers",
  "src/web-app.ts": "the REST API, in process",
  "src/gateway-services.ts": "defines the fetch that all others are given",
  "src/api/connectors/dial-in.ts": "the object of a stdio server",
  "src/upstream/transports/connector/open.ts": "the object of a stdio server; its frames are limited there",
  "src/gateway/catalog/inventory-cache.ts": "loads inventories through the pipeline",
};

const SENDERS = new Set(["fetch", "fetcher", "fetchUpstream", "openSocket", "sendHttp", "sendHttpInScope"]);

const isNode = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** The name of the called function or method. */
function calledName(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  const named = callee.type === "MemberExpression" ? callee.property : callee;
  return isNode(named) && typeof named.name === "string" ? named.name : undefined;
}

function sendsFrom(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(sendsFrom);
  if (!isNode(node)) return false;
  const isSend = node.type === "CallExpression" || node.type === "NewExpression";
  const name = isSend ? calledName(node.callee) : undefined;
  if (name !== undefined && (SENDERS.has(name) || name === "WebSocket" || name === "EventSource"))
    return true;
  return Object.values(node).some(sendsFrom);
}

const files = globSync("src/**/*.{ts,tsx}")
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => !file.startsWith("src/admin/client/"));

const sending = files.filter((file) =>
  sendsFrom(parseAst(readFileSync(file, "utf8"), { lang: file.endsWith(".tsx") ? "tsx" : "ts" })),
);

describe("what leaves the gateway", () => {
  it("is attacked by a hostile peer on every path", () => {
    expect(sending.toSorted()).toEqual([...Object.keys(ATTACKED), ...Object.keys(INTERNAL)].toSorted());
    for (const [file, text] of Object.values(ATTACKED).flat())
      expect(readFileSync(file, "utf8"), file).toContain(text);
  });

  it("is fetched by the gateway and not by its sign-in library", () => {
    const client = { clientId: "id", clientSecret: "secret", baseUrl: undefined };
    const clients = { github: client, google: client, microsoft: { ...client, tenant: "common" } };
    const configs = socialConfigs(clients, () => Promise.reject(new Error("unused")));
    expect(configs).toHaveLength(3);
    for (const config of configs) {
      expect(config.getToken).toBeDefined();
      expect(config.getUserInfo).toBeDefined();
      expect(config.discoveryUrl).toBeUndefined();
    }
  });
});
