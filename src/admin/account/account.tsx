/** A user's own account: profile, organizations, connected applications and password. */
import { Hono } from "hono";
import { deleteGrant, listGrantsOfUser } from "../../db/queries/access/grants.ts";
import { chooseTenant, listTenantsOfUser } from "../../db/queries/identity/user-accounts.ts";
import { recordAudit } from "../../db/queries/logs/security.ts";
import { describeScope } from "../../identity/oauth/scopes.ts";
import { toAuthFailure } from "../auth-pages/failures.ts";
import { NEW_PASSWORD } from "../auth-pages/passwords.tsx";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, requireSignedIn, safeNext } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { describeResult } from "./results.ts";

const day = (time: Date) => time.toISOString().replace("T", " ").slice(0, 16);

export const account = new Hono<SignedInEnv>()
  .use("/account/*", requireSignedIn)
  .use("/account/password", recently("/account/password"))
  .get("/account", async (c) => {
    const person = c.get("person");
    const frame = buildFrame(c);
    const result = describeResult(c.req.query("done"));
    const tenants = await listTenantsOfUser(c.get("services").database.asSystem(), person.id);
    return c.html(
      <Page title="Account" frame={frame}>
        {result !== undefined && <Notice>{result}</Notice>}
        <div class="card">
          <p>
            <strong>{person.name}</strong>
            <br />
            {person.email}
          </p>
          <p class="row">
            <a href="/account/profile">Edit profile</a>
            <a href="/account/password">Change password</a>
            <a href="/account/providers">Sign-in providers</a>
            <a href="/account/passkeys">Passkeys</a>
            <a href="/account/second-factor">
              Two-factor authentication ({person.twoFactorEnabled ? "on" : "off"})
            </a>
          </p>
        </div>
        <h2>Organizations</h2>
        <div class="card">
          {tenants.length === 0 && (
            <p>You are not a member of any organization. Ask an admin to invite you.</p>
          )}
          <ul class="plain">
            {tenants.map(({ id, name, role, status }) => (
              <li class="row">
                <span>
                  <strong>{name}</strong> <span class="quiet-text">{role}</span>
                  {status !== "active" && ` (${status})`}
                </span>
                {id === person.tenant?.id && <span class="quiet-text">Current</span>}
                {id !== person.tenant?.id && status === "active" && (
                  <PostForm
                    action="/account/tenant"
                    token={frame.formToken}
                    hidden={{ tenant: id }}
                    class="inline"
                  >
                    <Button kind="quiet">Switch</Button>
                  </PostForm>
                )}
              </li>
            ))}
          </ul>
        </div>
      </Page>,
    );
  })
  .post("/account/tenant", async (c) => {
    const { database, people } = c.get("services");
    const person = c.get("person");
    const db = database.asSystem();
    const mine = await listTenantsOfUser(db, person.id);
    const chosen = mine.find(({ id, status }) => id === c.get("form").tenant && status === "active");
    if (chosen === undefined) return c.notFound();
    const [entered] = await chooseTenant(db, person.sessionId, chosen.id);
    if (entered === undefined) return c.redirect("/sign-in/error?error=sso_required", 303);
    await people.onUserChanged(person.id);
    return c.redirect(safeNext(c.get("form").back, c.get("config").publicUrl) ?? "/account", 303);
  })
  .get("/account/clients", async (c) => {
    const person = c.get("person");
    const frame = buildFrame(c);
    const grants = await listGrantsOfUser(c.get("services").database.asSystem(), person.id);
    return c.html(
      <Page title="Connected applications" frame={frame}>
        <div class="card">
          {grants.length === 0 && <p>No connected applications</p>}
          <ul class="plain">
            {grants.map(({ id, clientId, clientName, tenantId, tenantName, scopes, updatedAt }) => (
              <li class="row" key={id}>
                <span>
                  <strong>{clientName ?? clientId}</strong> in {tenantName ?? "no organization"}
                  <br />
                  <span class="quiet-text">
                    since {day(updatedAt)} UTC: {scopes.map(describeScope).join(", ")}
                  </span>
                </span>
                <PostForm
                  action="/account/clients"
                  token={frame.formToken}
                  hidden={{ client: clientId, tenant: tenantId ?? undefined }}
                  class="inline"
                >
                  <Button kind="danger">Disconnect</Button>
                </PostForm>
              </li>
            ))}
          </ul>
        </div>
      </Page>,
    );
  })
  .post("/account/clients", async (c) => {
    const { database, people } = c.get("services");
    const person = c.get("person");
    const { client: clientId = "", tenant: tenantId } = c.get("form");
    const db = database.asSystem();
    await db.batch([
      ...deleteGrant(db, { clientId, userId: person.id, tenantId }),
      recordAudit(db, {
        tenantId: person.tenant?.id,
        userId: person.id,
        impersonatorId: person.impersonatorId,
        action: "oauth.grant-ended",
        resourceType: "oauth_client",
        resourceId: clientId,
        success: true,
      }),
    ]);
    await people.onUserChanged(person.id);
    return c.redirect("/account/clients", 303);
  })
  .get("/account/password", (c) => passwordPage(buildFrame(c), (page) => c.html(page)))
  .post("/account/password", async (c) => {
    const auth = await c.get("services").people.auth();
    const { current = "", password = "" } = c.get("form");
    try {
      const { headers } = await auth.api.changePassword({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body: { currentPassword: current, newPassword: password, revokeOtherSessions: true },
      });
      copyCookies(c, headers);
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      return passwordPage(buildFrame(c), (page) => c.html(page, status), message);
    }
    return c.redirect("/account?done=password", 303);
  })
  .post("/account/impersonation/stop", async (c) => {
    const auth = await c.get("services").people.auth();
    const { headers } = await auth.api.stopImpersonating({ headers: c.req.raw.headers, returnHeaders: true });
    copyCookies(c, headers);
    return c.redirect("/account", 303);
  });

function passwordPage<R>(frame: Frame, answer: (page: ReturnType<typeof Page>) => R, problem?: string): R {
  return answer(
    <Page title="Change password" frame={frame} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <div class="card">
        <PostForm action="/account/password" token={frame.formToken}>
          <Field name="current" label="Current password" type="password" autocomplete="current-password" />
          <Field {...NEW_PASSWORD} />
          <Button>Change password and sign out other sessions</Button>
        </PostForm>
      </div>
    </Page>,
  );
}
