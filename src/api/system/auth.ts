/**
 * The better-auth endpoints at /api/auth that external clients use: OAuth clients, callbacks of identity providers, and
 * programs that sign a user in. Endpoints that are not listed here do not exist.
 */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { isClientMetadataUrl } from "../../identity/oauth/client-metadata-url.ts";
import { MCP_SCOPE } from "../../identity/oauth/scopes.ts";
import { admitWithoutPrincipal } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";

/** OAuth clients may run in a browser; these routes read the request, never a cookie. */
const FOR_CLIENTS = ["/oauth2/token", "/oauth2/register", "/oauth2/revoke", "/oauth2/introspect", "/jwks"];

const FOR_BROWSERS = [
  "/oauth2/userinfo",
  "/callback/:provider",
  "/sso/callback/:provider",
  "/sign-in/email",
  "/sign-in/username",
  "/sign-out",
  "/get-session",
  "/two-factor/verify-totp",
  "/two-factor/verify-backup-code",
  "/request-password-reset",
  "/reset-password",
  "/verify-email",
  "/send-verification-email",
  "/change-password",
  "/admin/ban-user",
  "/admin/unban-user",
  "/admin/impersonate-user",
  "/admin/stop-impersonating",
  "/admin/revoke-user-sessions",
];

const pass = async (c: Context<AppEnv>) => (await c.get("services").people.auth()).handler(c.req.raw);

/** For any other, the program that receives the code cannot be verified (RFC 8252 §8.6): consent is requested each time. */
const isWebAddress = (redirectUri: string | null) => URL.parse(redirectUri ?? "")?.protocol === "https:";

/**
 * Always redirects: better-auth would return JSON to requests that look like a page's script. A request without a scope
 * gets the one that MCP requires, where better-auth would offer all scopes.
 */
async function authorize(c: Context<AppEnv>) {
  const { people } = c.get("services");
  const cookie = people.sessions.findCookie(c.req.header("cookie"));
  const person = cookie === undefined ? undefined : await people.sessions.find(cookie, new Date());
  // What an admin does in another's name ends with the impersonation; a client's tokens would not.
  if (person?.impersonatorId !== undefined) return c.redirect("/sign-in/error?error=impersonating");
  const url = new URL(c.req.url);
  const { searchParams } = url;
  // A client that describes itself at a URL would be fetched: only for a signed-in user.
  if (person === undefined && isClientMetadataUrl(searchParams.get("client_id") ?? "")) {
    return c.redirect(`/sign-in?${new URLSearchParams({ next: `${url.pathname}${url.search}` })}`);
  }
  if (!searchParams.has("scope")) searchParams.set("scope", MCP_SCOPE);
  // A request that names no endpoint is for the one of all servers, and its consent for no other.
  if (!searchParams.has("resource")) searchParams.set("resource", `${c.get("config").mcpUrl}/mcp`);
  const prompts = (searchParams.get("prompt") ?? "").split(" ").filter((prompt) => prompt !== "");
  if (!isWebAddress(searchParams.get("redirect_uri")) && !prompts.includes("consent")) {
    searchParams.set("prompt", [...prompts.filter((prompt) => prompt !== "none"), "consent"].join(" "));
  }
  const headers = new Headers(c.req.raw.headers);
  headers.delete("sec-fetch-mode");
  headers.set("accept", "text/html");
  return (await people.auth()).handler(new Request(url, { headers }));
}

/** Sign-in and tokens are limited strictly; everything else returns public data only. */
const admission = createMiddleware<AppEnv>(async (c, next) => {
  await admitWithoutPrincipal(c, c.req.method === "POST" ? "authentication" : "general");
  await next();
});

export const auth = new Hono<AppEnv>();
for (const path of FOR_CLIENTS) {
  auth.use(path, cors({ origin: "*", allowMethods: ["GET", "POST"], maxAge: 86_400 }));
}
auth.use(admission);
auth.get("/oauth2/authorize", authorize);
for (const path of [...FOR_CLIENTS, ...FOR_BROWSERS]) auth.on(["GET", "POST"], path, pass);
