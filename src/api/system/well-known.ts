/**
 * The metadata that clients read first: which authorization server protects an MCP endpoint (RFC 9728), and
 * what that server can do (RFC 8414, OpenID Connect Discovery).
 */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { parseEndpointPath } from "../../identity/oauth/endpoints.ts";
import { MCP_SCOPE } from "../../identity/oauth/scopes.ts";
import { unauthenticated } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";

const CACHED = "public, max-age=60";

/** At the root the metadata is that of the endpoint for everything. */
const ROOT_ENDPOINT = "/mcp";

function protectedResource(c: Context<AppEnv>) {
  const { publicUrl, mcpUrl } = c.get("config");
  const path = new URL(c.req.url).pathname.slice("/.well-known/oauth-protected-resource".length);
  const endpoint = parseEndpointPath(mcpUrl, path === "" ? ROOT_ENDPOINT : path);
  if (endpoint === undefined) return c.notFound();
  return c.json(
    {
      resource: endpoint.resource,
      resource_name: "MCP Registry Gateway",
      authorization_servers: [publicUrl],
      scopes_supported: [MCP_SCOPE],
      bearer_methods_supported: ["header"],
    },
    200,
    { "cache-control": CACHED },
  );
}

/** The issuer is the bare origin, so that clients of the 2025-03-26 revision find it too. */
const serverMetadata = (path: string) => async (c: Context<AppEnv>) => {
  const { publicUrl } = c.get("config");
  const auth = await c.get("services").people.auth();
  return auth.handler(new Request(publicUrl + path));
};

export const wellKnown = new Hono<AppEnv>()
  .use(cors({ origin: "*", allowMethods: ["GET"], maxAge: 86_400 }))
  .use(unauthenticated("general"))
  .get("/oauth-protected-resource", protectedResource)
  .get("/oauth-protected-resource/*", protectedResource)
  .get("/oauth-authorization-server", serverMetadata("/.well-known/oauth-authorization-server"))
  .get("/openid-configuration", serverMetadata("/.well-known/openid-configuration"));
