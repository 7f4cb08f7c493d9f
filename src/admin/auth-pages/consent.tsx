/**
 * The consent page: which client, the redirect target, scopes and organization. It shows only values that the
 * authorization server has signed; an unsigned request is not shown.
 */
import { Hono } from "hono";
import { z } from "zod";
import { secondFactorDuty } from "../../core/access/second-factor-rule.ts";
import { hmacSha256 } from "../../core/digest.ts";
import { timingSafeEqual } from "../../core/timing-safe-equal.ts";
import { findClientForConsent, findConsent, saveResources } from "../../db/queries/access/grants.ts";
import { chooseTenant, listTenantsOfUser } from "../../db/queries/identity/user-accounts.ts";
import { isClientMetadataUrl } from "../../identity/oauth/client-metadata-url.ts";
import { parseResource } from "../../identity/oauth/endpoints.ts";
import { describeScope } from "../../identity/oauth/scopes.ts";
import { AUTH_PATH } from "../../identity/users/auth-path.ts";
import { hasSecondFactor } from "../../identity/users/sessions.ts";
import { Button, Notice, PostForm } from "../forms/controls.tsx";
import { requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { continueTo } from "./continue.tsx";

const HIDDEN_SCOPES = new Set(["openid"]);
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The provider signs the sorted query (HMAC-SHA256, base64) and gives it a few minutes. */
async function isSigned(query: string, secret: string, now: number): Promise<boolean> {
  const params = new URLSearchParams(query);
  const signature = params.get("sig") ?? "";
  if (params.getAll("sig").length !== 1 || !(Number(params.get("exp")) * 1000 >= now)) return false;
  params.delete("sig");
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...params].sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  const text = new URLSearchParams(sorted).toString();
  const expected = btoa(String.fromCharCode(...(await hmacSha256(secret, text))));
  return timingSafeEqual(signature, expected);
}

const scopesIn = (params: URLSearchParams) =>
  (params.get("scope") ?? "").split(" ").filter((scope) => scope !== "");

const answer = z.object({ url: z.string().min(1) });

/** A redirect address as a person can judge it: the host, or the program that a private scheme opens. */
function placeOf(redirectUri: string): { name: string; isThisComputer: boolean } {
  const url = URL.parse(redirectUri);
  if (url === null) return { name: redirectUri, isThisComputer: false };
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return { name: isWeb ? url.host : url.protocol, isThisComputer: LOOPBACK.has(url.hostname) };
}

export const consent = new Hono<SignedInEnv>()
  .get("/consent", requireSignedIn, async (c) => {
    const query = new URL(c.req.url).search.slice(1);
    const params = new URLSearchParams(query);
    const { authSecret, mcpUrl } = c.get("config");
    const db = c.get("services").database.asSystem();
    const person = c.get("person");
    const frame = buildFrame(c);
    const [client] = await findClientForConsent(db, params.get("client_id") ?? "");
    if (client === undefined || !(await isSigned(query, authSecret, Date.now()))) {
      return c.html(
        <Page title="Authorize application" frame={frame} narrow>
          <Notice bad>
            The authorization request is invalid or expired. Start again in the application.
          </Notice>
        </Page>,
        400,
      );
    }
    const endpoints = params.getAll("resource").map((resource) => parseResource(mcpUrl, resource));
    const slugs = new Set(endpoints.flatMap((endpoint) => endpoint?.tenantSlug ?? []));
    const tenants = (await listTenantsOfUser(db, person.id)).filter(
      ({ status, slug }) =>
        status === "active" && (slugs.size === 0 || (slugs.size === 1 && slugs.has(slug))),
    );
    const place = placeOf(params.get("redirect_uri") ?? "");
    const scopes = scopesIn(params);
    const host = isClientMetadataUrl(client.clientId) ? new URL(client.clientId).host : undefined;
    return c.html(
      <Page title={`Authorize ${client.name ?? "an application"}`} frame={frame} narrow>
        <div class="card">
          <p>
            <strong>{client.name ?? client.clientId}</strong>
            {host !== undefined ? ` (published by ${host})` : " (unverified application)"} requests access to
            the account <strong>{person.email}</strong>:
          </p>
          <ul>
            {scopes
              .filter((scope) => !HIDDEN_SCOPES.has(scope))
              .map((scope) => (
                <li>
                  {describeScope(scope)} <code>{scope}</code>
                </li>
              ))}
          </ul>
          <p>
            Redirects to <strong>{place.name}</strong>
            {place.isThisComputer
              ? " (an application on this computer). Continue only if you started it."
              : "."}
          </p>
          {endpoints.map((endpoint) => endpoint && <p class="quiet-text">Resource: {endpoint.resource}</p>)}
          {tenants.length === 0 ? (
            <Notice bad>You are not a member of an organization that this application can access.</Notice>
          ) : (
            <PostForm action="/consent" token={frame.formToken} hidden={{ query, decision: "allow" }}>
              <label>
                Organization
                <select name="tenant">
                  {tenants.map(({ id, name, role }) => (
                    <option value={id} selected={id === person.tenant?.id}>
                      {name} ({role})
                    </option>
                  ))}
                </select>
              </label>
              <Button>Authorize</Button>
            </PostForm>
          )}
          <PostForm action="/consent" token={frame.formToken} hidden={{ query, decision: "deny" }}>
            <Button kind="quiet">Cancel</Button>
          </PostForm>
        </div>
      </Page>,
    );
  })
  .post("/consent", requireSignedIn, async (c) => {
    const { query = "", decision, tenant } = c.get("form");
    const { publicUrl } = c.get("config");
    const { people, database } = c.get("services");
    const person = c.get("person");
    const db = database.asSystem();
    if (person.impersonatorId !== undefined) return c.redirect("/sign-in/error?error=impersonating", 303);
    const accept = decision === "allow";
    const asked = new URLSearchParams(query);
    let earlier: Awaited<ReturnType<typeof findConsent>>[number] | undefined;
    if (accept) {
      const mine = await listTenantsOfUser(db, person.id);
      const chosen = mine.find(({ id, status }) => id === tenant && status === "active");
      if (chosen === undefined) return c.text("Choose one of your organizations.", 400);
      const [entered] = await chooseTenant(db, person.sessionId, chosen.id);
      if (entered === undefined) return c.redirect("/sign-in/error?error=sso_required", 303);
      const { secondFactorFrom: setting } = chosen;
      const duty = secondFactorDuty({ setting, isEnabled: hasSecondFactor(person) }, new Date());
      // Its token would be refused.
      if (duty === "missing") return c.redirect("/account/second-factor", 303);
      const clientId = asked.get("client_id") ?? "";
      [earlier] = await findConsent(db, { clientId, userId: person.id, tenantId: chosen.id });
    }
    // Through the provider's endpoint, which takes a whole request.
    const response = await (await people.auth()).handler(
      new Request(`${publicUrl}${AUTH_PATH}/oauth2/consent`, {
        method: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          cookie: c.req.header("cookie") ?? "",
          origin: publicUrl,
        },
        body: JSON.stringify({ accept, oauth_query: query }),
      }),
    );
    const parsed = answer.safeParse(await response.json());
    if (!parsed.success) return c.redirect("/sign-in/error", 303);
    const isNarrower = scopesIn(asked).every((scope) => earlier?.scopes.includes(scope) === true);
    if (earlier?.resources != null && isNarrower) await saveResources(db, earlier.id, earlier.resources);
    return continueTo(c, buildFrame(c), parsed.data.url);
  });
