/**
 * The root of the gateway. A browser gets a short page with a description and links; a program gets the addresses
 * of the endpoints as JSON.
 */
import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { createMiddleware } from "hono/factory";
import { PRODUCT_NAME, PRODUCT_VERSION } from "../../product.ts";
import { LinkButton } from "../forms/controls.tsx";
import { loadPageContext } from "../http/page-context.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HTML = "text/html";
const JSON_TYPE = "application/json";

const pointers = createMiddleware<PageEnv>(async (c, next) => {
  c.header("vary", "accept");
  const type = accepts(c, { header: "Accept", supports: [HTML, JSON_TYPE], default: JSON_TYPE });
  if (type === HTML) return next();
  const { mcpUrl, publicUrl } = c.get("config");
  return c.json({
    name: PRODUCT_NAME,
    version: PRODUCT_VERSION,
    mcp: `${mcpUrl}/mcp`,
    mcpServer: `${mcpUrl}/mcp/{server}`,
    authorization: `${mcpUrl}/.well-known/oauth-protected-resource`,
    rest: `${publicUrl}/api/v1`,
    openapi: `${publicUrl}/api/v1/openapi.json`,
    health: `${publicUrl}/healthz`,
    ready: `${publicUrl}/readyz`,
    admin: `${publicUrl}/admin`,
  });
});

export const start = new Hono<PageEnv>().get("/", pointers, loadPageContext, (c) => {
  const { publicUrl } = c.get("config");
  const person = c.get("person");
  return c.html(
    <Page title="MCP Registry Gateway" frame={buildFrame(c)} narrow>
      <div class="card">
        <p>
          One MCP endpoint for all servers of an organization: with access rules, rate limits, routing, health
          checks and an audit log.
        </p>
        <p>
          {person === undefined ? (
            <LinkButton to="/sign-in">Sign in</LinkButton>
          ) : (
            <LinkButton to="/admin">Open the admin UI</LinkButton>
          )}
        </p>
      </div>
      <div class="card">
        <h2>Connect a client</h2>
        <p>
          Configure your MCP client with this URL. It signs in with OAuth, or uses an API key as a bearer
          token.
        </p>
        <p>
          <code>{publicUrl}/mcp</code>
        </p>
        <p>
          <a href="/admin/connect">Instructions for each client</a>
        </p>
      </div>
    </Page>,
  );
});
