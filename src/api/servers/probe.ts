/** Tests whether a URL is an MCP server before it is saved, with the credential that is meant for it. */
import { Hono } from "hono";
import { z } from "zod";
import { requestToken } from "../../connected-accounts/renew-server-token.ts";
import { type AccountServer, toBearer } from "../../connected-accounts/resolve-credential.ts";
import { CONNECTION_CAUSES } from "../../core/discovery/connection-cause.ts";
import { isObtained, usesAccounts } from "../../core/enums.ts";
import { toGatewayError } from "../../core/errors.ts";
import { GATEWAY_SUBJECT } from "../../core/identity-token/claims.ts";
import { uuidv7 } from "../../core/ids.ts";
import { getMember } from "../../core/mcp/lossless-json.ts";
import { toResource } from "../../core/oauth-client/well-known.ts";
import type { WaitUntil } from "../../core/tenant-cache.ts";
import { listStorableItems } from "../../discovery/inventory-rows.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import type { Services } from "../../services.ts";
import type { Header } from "../../upstream/credentials.ts";
import { diagnoseFailure } from "../../upstream/diagnose-failure.ts";
import { type FetchedInventory, fetchInventory } from "../../upstream/fetch-inventory.ts";
import { resolveTarget } from "../../upstream/resolve-target.ts";
import { serverTokenRefused } from "../../upstream/server-token-error.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { rejectUrl, sealCredential } from "./credentials.ts";
import { probed } from "./schemas.ts";

/** Short, because a user waits for the result. */
const PROBE_TIMEOUT_MS = 8000;

const offered = z.object({
  tools: z.number(),
  resources: z.number(),
  templates: z.number(),
  prompts: z.number(),
});
const found = z.object({
  reachable: z.literal(true),
  protocolVersion: z.string().describe("Empty where only a member's own account can read more."),
  capabilities: z.array(z.string()),
  server: z.object({ name: z.string().nullable(), version: z.string().nullable() }),
  offers: offered,
  tools: z.array(z.string()).describe("The names of the tools, as the server has them."),
  durationMs: z.number(),
});
const notFound = z.object({
  reachable: z.literal(false),
  code: z.string(),
  cause: z
    .enum(CONNECTION_CAUSES)
    .describe(
      "Why there was no result: the name lookup, the connection, TLS, the HTTP status, or the response.",
    ),
  message: z.string(),
  durationMs: z.number(),
});

export const probe = new Hono<AppEnv>().post(
  "/",
  requirePermission("servers.probe"),
  body(probed),
  responds(z.union([found, notFound]), "Result of the connection test, including failures."),
  async (c) => {
    const { endpointUrl, transportType, auth } = c.req.valid("json");
    const { upstream, keyring } = c.var.services;
    rejectUrl(endpointUrl, transportType, upstream.urlPolicy);
    const started = Date.now();
    const durationMs = () => Date.now() - started;
    try {
      const id = uuidv7();
      const timeouts = { firstByteTimeoutMs: PROBE_TIMEOUT_MS, idleTimeoutMs: PROBE_TIMEOUT_MS };
      // Sealed and opened like a stored credential.
      const server = {
        ...{ id, name: "The server", tenantId: c.var.principal.tenantId, endpointUrl },
        auth: await sealCredential(keyring, id, auth),
        ...timeouts,
      };
      const asked = { name: server.name, transport: transportType };
      const token = await obtainServerToken(c.var.services, server, (work) => c.executionCtx.waitUntil(work));
      const offering = await fetchInventory(asked, await resolveTarget(server, keyring, token), upstream);
      return c.json({ reachable: true as const, ...described(offering), durationMs: durationMs() });
    } catch (error) {
      const failure = toGatewayError(error);
      const { code } = failure;
      // Its capabilities are discovered when a member has connected an account.
      if (code === "upstream_refused" && usesAccounts(auth.type)) {
        return c.json({ reachable: true as const, ...UNKNOWN, durationMs: durationMs() });
      }
      const diagnosis = await diagnoseFailure(endpointUrl, failure);
      return c.json({ reachable: false as const, code, ...diagnosis, durationMs: durationMs() });
    }
  },
);

/** The token that the gateway itself would have for the server, had it been saved. */
async function obtainServerToken(
  { keyring, upstream, loadAccounts }: Services,
  server: AccountServer,
  waitUntil: WaitUntil,
): Promise<Header | undefined> {
  const { type } = server.auth;
  if (!isObtained(type) || usesAccounts(type)) return undefined;
  const { identity } = await loadAccounts();
  if (type === "identity_jwt") {
    const { tenantId, endpointUrl, auth } = server;
    const audience = auth.audience ?? toResource(endpointUrl);
    return toBearer(await identity.sign({ tenantId, subject: GATEWAY_SUBJECT, audience }, waitUntil));
  }
  const request = { server, userId: GATEWAY_SUBJECT };
  const outcome = await requestToken({ keyring, upstream, identity }, request, waitUntil);
  if (outcome.kind === "tokens") return toBearer(outcome.answer.access_token);
  throw serverTokenRefused(server.name, outcome.kind === "unavailable");
}

const UNKNOWN = {
  protocolVersion: "",
  capabilities: [],
  server: { name: null, version: null },
  tools: [],
  offers: { tools: 0, resources: 0, templates: 0, prompts: 0 },
};

function described(offering: FetchedInventory) {
  const { lists } = offering;
  const text = (member: string) => {
    const value = getMember(offering.serverInfo, member);
    return typeof value === "string" ? value : null;
  };
  return {
    protocolVersion: offering.revision,
    capabilities: Object.keys(offering.capabilities),
    server: { name: text("name"), version: text("version") },
    tools: [...listStorableItems(offering, "tools/list").keys()],
    offers: {
      tools: lists["tools/list"].items.length,
      resources: lists["resources/list"].items.length,
      templates: lists["resources/templates/list"].items.length,
      prompts: lists["prompts/list"].items.length,
    },
  };
}
