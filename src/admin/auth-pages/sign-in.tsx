/** Signing in: with a password, or through a provider; and the second factor behind it. */
import { type Context, Hono } from "hono";
import { deleteCookie } from "hono/cookie";
import { cookiePrefix } from "../../identity/users/cookies.ts";
import { SOCIAL_NAMES, SOCIAL_PROVIDERS } from "../../identity/users/social-providers.ts";
import { Button, Check, Field, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, safeNext } from "../http/page-context.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { continueTo } from "./continue.tsx";
import { type AuthFailure, toAuthFailure } from "./failures.ts";

const HOME = "/admin";

/** The authorization server redirects to this page with its signed request, and sign-in returns to it with the same request. */
function wantedNext(c: Context<PageEnv>): string {
  const query = new URL(c.req.url).searchParams;
  if (!query.has("sig")) return safeNext(query.get("next") ?? undefined, c.get("config").publicUrl) ?? HOME;
  for (const name of ["sig", "exp", "ba_iat", "ba_pl", "ba_param", "max_age"]) query.delete(name);
  // This sign-in satisfies `prompt=login`; the parameter is removed, because it would require a sign-in each time.
  const prompts = (query.get("prompt") ?? "").split(" ").filter((prompt) => prompt !== "login");
  if (prompts.join("") === "") query.delete("prompt");
  else query.set("prompt", prompts.join(" "));
  return `/api/auth/oauth2/authorize?${query}`;
}

const mustSignInAnew = (c: Context<PageEnv>) => {
  const query = new URL(c.req.url).searchParams;
  return isStepUp(c) || query.has("max_age") || (query.get("prompt") ?? "").split(" ").includes("login");
};

/** A repeated sign-in before a change of credentials (admin/recently.ts). */
const isStepUp = (c: Context<PageEnv>) => (c.req.query("again") ?? c.get("form").again) === "yes";

const trustCookie = (c: Context<PageEnv>) => `${cookiePrefix(c.get("config").publicUrl)}.trust_device`;

/** A device that is trusted skips the second factor at sign-in, but not where the sign-in is repeated. */
function headersFor(c: Context<PageEnv>): Headers {
  const headers = new Headers(c.req.raw.headers);
  if (!isStepUp(c)) return headers;
  const cookies = (headers.get("cookie") ?? "")
    .split(/; ?/)
    .filter((cookie) => !cookie.startsWith(`${trustCookie(c)}=`));
  headers.set("cookie", cookies.join("; "));
  return headers;
}

function form(c: Context<PageEnv>, next: string, problem?: AuthFailure) {
  const { providers } = c.get("services").people;
  const token = c.get("formToken");
  return c.html(
    <Page title="Sign in" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem.message}</Notice>}
      <div class="card">
        {isStepUp(c) && <p>This change requires a recent sign-in. Sign in again to continue.</p>}
        <PostForm action="/sign-in" token={token} hidden={{ next, again: isStepUp(c) ? "yes" : undefined }}>
          <Field
            name="identifier"
            label="Email or username"
            autocomplete="username webauthn"
            value={c.get("form").identifier ?? c.req.query("email")}
            autofocus
          />
          <Field name="password" label="Password" type="password" autocomplete="current-password" />
          <Check name="remember" label="Stay signed in on this device" checked />
          <Button>Sign in</Button>{" "}
          <button type="submit" class="quiet" formaction="/sign-in/sso" formnovalidate>
            Continue with single sign-on
          </button>
        </PostForm>
        <p>
          <a href="/forgot-password">Forgot your password?</a>
        </p>
      </div>
      <div class="card">
        <PostForm
          action="/sign-in/passkey"
          token={token}
          hidden={{ next, again: isStepUp(c) ? "yes" : undefined }}
        >
          <Button kind="quiet">Sign in with a passkey</Button>
        </PostForm>
      </div>
      {providers.length > 0 && (
        <div class="card">
          {providers.map((provider) => (
            <PostForm
              action={`/sign-in/with/${provider}`}
              token={token}
              hidden={{ next, again: isStepUp(c) ? "yes" : undefined }}
            >
              <Button kind="quiet">Continue with {SOCIAL_NAMES[provider]}</Button>
            </PostForm>
          ))}
        </div>
      )}
    </Page>,
    problem?.status ?? 200,
  );
}

function secondFactorForm(c: Context<PageEnv>, next: string, problem?: AuthFailure) {
  const token = c.get("formToken");
  return c.html(
    <Page title="Two-factor authentication" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem.message}</Notice>}
      <div class="card">
        <PostForm action="/sign-in/second-factor" token={token} hidden={{ next }}>
          <Field
            name="code"
            label="Code"
            hint="Enter the code from your authenticator app or a backup code."
            autocomplete="one-time-code"
            autofocus
          />
          <Check name="trust" label="Trust this device for 30 days" />
          <Button>Continue</Button>
        </PostForm>
      </div>
    </Page>,
    problem?.status ?? 200,
  );
}

export const signIn = new Hono<PageEnv>()
  .get("/sign-in", async (c) => {
    const { setup } = c.get("services").people;
    if (await setup.isNeeded()) return c.redirect("/setup", 303);
    const next = wantedNext(c);
    if (c.get("person") !== undefined && !mustSignInAnew(c)) return c.redirect(next, 303);
    return form(c, next);
  })
  .post("/sign-in", async (c) => {
    const { identifier = "", password = "", remember, next: wanted } = c.get("form");
    const next = safeNext(wanted, c.get("config").publicUrl) ?? HOME;
    const auth = await c.get("services").people.auth();
    const common = { password, rememberMe: remember === "yes" };
    const call = { headers: headersFor(c), returnHeaders: true } as const;
    try {
      const { headers, response } = identifier.includes("@")
        ? await auth.api.signInEmail({ ...call, body: { ...common, email: identifier.trim() } })
        : await auth.api.signInUsername({ ...call, body: { ...common, username: identifier.trim() } });
      copyCookies(c, headers);
      if (response !== null && "twoFactorRedirect" in response) {
        return c.redirect(`/sign-in/second-factor?${new URLSearchParams({ next })}`, 303);
      }
      return continueTo(c, buildFrame(c), next);
    } catch (thrown) {
      return form(c, next, toAuthFailure(thrown));
    }
  })
  .post("/sign-in/with/:provider", async (c) => {
    const provider = SOCIAL_PROVIDERS.find((known) => known === c.req.param("provider"));
    const { people } = c.get("services");
    if (provider === undefined || !people.providers.includes(provider)) return c.notFound();
    const { next: wanted, join } = c.get("form");
    const { publicUrl } = c.get("config");
    const next = safeNext(wanted, publicUrl) ?? HOME;
    const auth = await people.auth();
    const { headers, response } = await auth.api.signInSocial({
      headers: c.req.raw.headers,
      returnHeaders: true,
      body: {
        provider,
        callbackURL: next,
        errorCallbackURL: "/sign-in/error",
        // Whether they may is decided by the address that the provider names (people/auth.ts).
        requestSignUp: join === "yes",
        disableRedirect: true,
      },
    });
    copyCookies(c, headers);
    // The provider's answer comes as a request of its own, so the device is trusted no more from here on.
    if (isStepUp(c)) deleteCookie(c, trustCookie(c), { path: "/", secure: publicUrl.startsWith("https:") });
    return response.url === undefined ? c.notFound() : continueTo(c, buildFrame(c), response.url);
  })
  .get("/sign-in/second-factor", (c) =>
    secondFactorForm(c, safeNext(c.req.query("next"), c.get("config").publicUrl) ?? HOME),
  )
  .post("/sign-in/second-factor", async (c) => {
    const { code = "", trust, next: wanted } = c.get("form");
    const next = safeNext(wanted, c.get("config").publicUrl) ?? HOME;
    const auth = await c.get("services").people.auth();
    const body = { code: code.replace(/\s/g, ""), trustDevice: trust === "yes" };
    const call = { headers: c.req.raw.headers, returnHeaders: true, body } as const;
    try {
      const { headers } = /^\d{6}$/.test(body.code)
        ? await auth.api.verifyTOTP(call)
        : await auth.api.verifyBackupCode(call);
      copyCookies(c, headers);
      return continueTo(c, buildFrame(c), next);
    } catch (thrown) {
      return secondFactorForm(c, next, toAuthFailure(thrown));
    }
  })
  .get("/sign-in/error", (c) => {
    const code = c.req.query("error") ?? "";
    return c.html(
      <Page title="Sign-in failed" frame={buildFrame(c)} narrow>
        <Notice bad>{SIGN_IN_ERRORS[code] ?? "Sign-in was not completed."}</Notice>
        <p>
          <a href="/sign-in">Try again</a>
        </p>
      </Page>,
      400,
    );
  })
  .post("/sign-out", async (c) => {
    const auth = await c.get("services").people.auth();
    const { headers } = await auth.api.signOut({ headers: c.req.raw.headers, returnHeaders: true });
    copyCookies(c, headers);
    // Pages that the next user of a shared browser could go back to.
    c.header("clear-site-data", '"cache", "storage"');
    return c.redirect("/sign-in", 303);
  });

const SIGN_IN_ERRORS: Readonly<Record<string, string>> = {
  sso_account_conflict:
    "This email address belongs to another account of your identity provider. Ask an organization admin.",
  sso_domain_unverified: "Your organization has not verified the domain of this email address.",
  sso_email_missing: "Your identity provider did not send an email address.",
  sso_email_unverified: "Your identity provider has not verified this email address.",
  sso_failed: "The answer of your identity provider was not accepted. Ask an organization admin.",
  sso_former_member: "Your membership has ended. Ask an organization admin for an invitation.",
  sso_member_limit: "The organization has as many members as its plan allows. Ask an organization admin.",
  sso_not_member: "You are not a member of this organization. Ask an organization admin for an invitation.",
  sso_operator: "Operators cannot use single sign-on. Sign in with your password or passkey.",
  sso_provider_unavailable: "Your identity provider is disabled or does not respond.",
  sso_required: "This organization is not available in this session. Sign in as it requires.",
  sso_state_invalid: "The sign-in has expired or was already used.",
  signup_disabled: "No account exists for this identity. Ask an organization admin for an invitation.",
  INVITATION_NEEDED: "This email address has not been invited. Ask an organization admin for an invitation.",
  account_not_linked:
    "An account with this email exists but is not connected to this provider. Sign in with your password, then connect the provider under Account.",
  email_does_not_match: "The provider's account has a different email address, so it was not connected.",
  account_already_linked_to_different_user: "This provider account is already connected to another user.",
  unable_to_link_account:
    "The provider has not verified this email address, so its account was not connected.",
  email_not_verified: "The provider has not verified this email address.",
  access_denied: "Access was denied.",
  impersonating: "Applications cannot be authorized while impersonating.",
  state_mismatch: "The sign-in session has expired.",
  invalid_client: "Unknown client application.",
  invalid_redirect: "Invalid redirect URI.",
  client_disabled: "The client application is disabled.",
};
