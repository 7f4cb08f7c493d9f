/** Following an invitation: join as who you are, or make an account of the address that was invited. */
import { type Context, Hono } from "hono";
import { PASSWORD_WEAKNESS_MESSAGES } from "../../core/password-strength.ts";
import { clientIp } from "../../identity/users/hooks.ts";
import type { AcceptResult, OpenInvitation } from "../../identity/users/invitations.ts";
import { SOCIAL_NAMES } from "../../identity/users/social-providers.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, signInUrl } from "../http/page-context.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { NEW_PASSWORD } from "./passwords.tsx";

const here = (token: string) => `/invitation?${new URLSearchParams({ token })}`;

const REFUSALS: Record<Exclude<AcceptResult, "joined">, string> = {
  closed: "This invitation has expired, was revoked or was already used. Ask for a new one.",
  "other-account": "This invitation was sent to a different email. Sign out and open the link again.",
  "no-room": "The organization has as many members as its plan allows. Contact the person who invited you.",
  "has-account": "An account with this email already exists. Sign in and open the link again.",
};

function refused(c: Context<PageEnv>, text: string, status: 400 | 429 = 400) {
  return c.html(
    <Page title="Invitation" frame={buildFrame(c)} narrow>
      <Notice bad>{text}</Notice>
    </Page>,
    status,
  );
}

function offered(c: Context<PageEnv>, token: string, invitation: OpenInvitation, problem?: string) {
  const person = c.get("person");
  const formToken = c.get("formToken");
  const { providers } = c.get("services").people;
  const { email, tenantName, role, hasAccount } = invitation;
  return c.html(
    <Page title={`Join ${tenantName}`} frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <p>
        {email} has been invited to join <strong>{tenantName}</strong> as {role}.
      </p>
      <div class="card">
        {person !== undefined && person.email === email && (
          <PostForm action="/invitation" token={formToken} hidden={{ token }}>
            <Button>Join {tenantName}</Button>
          </PostForm>
        )}
        {person !== undefined && person.email !== email && <p>{REFUSALS["other-account"]}</p>}
        {person === undefined && hasAccount && (
          <a class="button" href={`${signInUrl(here(token))}&${new URLSearchParams({ email })}`}>
            Sign in to join
          </a>
        )}
        {person === undefined && !hasAccount && (
          <>
            <PostForm action="/invitation/new" token={formToken} hidden={{ token }}>
              <Field name="name" label="Your name" autocomplete="name" maxlength={200} autofocus />
              <Field {...NEW_PASSWORD} label="Password" />
              <Button>Create account and join</Button>
            </PostForm>
            {providers.map((provider) => (
              <PostForm
                action={`/sign-in/with/${provider}`}
                token={formToken}
                hidden={{ next: here(token), join: "yes" }}
              >
                <Button kind="quiet">Continue with {SOCIAL_NAMES[provider]}</Button>
              </PostForm>
            ))}
          </>
        )}
        {(person === undefined || person.email === email) && (
          <PostForm action="/invitation/reject" token={formToken} hidden={{ token }}>
            <Button kind="quiet">Reject invitation</Button>
          </PostForm>
        )}
      </div>
    </Page>,
    problem === undefined ? 200 : 400,
  );
}

async function look(c: Context<PageEnv>, token: string, problem?: string) {
  const looked = await c.get("services").people.invitations.find(token, clientIp(c.req.raw.headers));
  if (looked.kind === "open") return offered(c, token, looked.invitation, problem);
  if (looked.kind === "closed") return refused(c, REFUSALS.closed);
  return refused(c, `Too many attempts. Retry in ${looked.retryAfterSeconds} s.`, 429);
}

export const invitation = new Hono<PageEnv>()
  .get("/invitation", (c) => look(c, c.req.query("token") ?? ""))
  .post("/invitation", async (c) => {
    const token = c.get("form").token ?? "";
    const person = c.get("person");
    if (person === undefined) return c.redirect(signInUrl(here(token)), 303);
    const outcome = await c.get("services").people.invitations.accept(token, person);
    return outcome === "joined" ? c.redirect("/admin", 303) : refused(c, REFUSALS[outcome]);
  })
  .post("/invitation/reject", async (c) => {
    const { invitations } = c.get("services").people;
    const token = c.get("form").token ?? "";
    const isRejected = await invitations.reject(token, clientIp(c.req.raw.headers), c.get("person"));
    if (!isRejected) return refused(c, REFUSALS.closed);
    return c.html(
      <Page title="Invitation" frame={buildFrame(c)} narrow>
        <Notice>Invitation rejected. You can close this page.</Notice>
      </Page>,
    );
  })
  .post("/invitation/new", async (c) => {
    const { token = "", name = "", password = "" } = c.get("form");
    const ready = name.trim() !== "" && password.length >= 12 && password.length <= 128;
    if (!ready) return look(c, token, "Enter your name and a password of at least 12 characters.");
    const { invitations, auth } = c.get("services").people;
    const outcome = await invitations.acceptAsNewUser(token, { name: name.trim().slice(0, 200), password });
    if (outcome.kind === "weak-password") {
      return look(c, token, PASSWORD_WEAKNESS_MESSAGES[outcome.weakness]);
    }
    if (outcome.kind !== "joined") return refused(c, REFUSALS[outcome.kind]);
    const { headers } = await (await auth()).api.signInEmail({
      ...{ headers: c.req.raw.headers, returnHeaders: true },
      body: { email: outcome.email, password, rememberMe: true },
    });
    copyCookies(c, headers);
    return c.redirect("/admin", 303);
  });
