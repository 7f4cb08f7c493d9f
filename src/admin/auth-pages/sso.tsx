/** Single sign-on: the domain of the email address leads to the identity providers of the organization that owns it. */
import { type Context, Hono } from "hono";
import { readEmailDomain } from "../../core/sso/email-domain.ts";
import { listProvidersOfDomain } from "../../db/queries/identity/sso.ts";
import { SsoSignInError } from "../../identity/sso/resolve-user.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, safeNext } from "../http/page-context.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { continueTo } from "./continue.tsx";

const HERE = "/sign-in/sso";
const HOME = "/admin";

interface Provider {
  readonly id: string;
  readonly name: string;
}

const wanted = (c: Context<PageEnv>) => {
  const { next, again, identifier = "" } = c.get("form");
  return {
    next: safeNext(next ?? c.req.query("next"), c.get("config").publicUrl) ?? HOME,
    again: again === "yes" ? "yes" : undefined,
    email: identifier.trim(),
  };
};

function emailForm(c: Context<PageEnv>, problem?: string) {
  const { next, again, email } = wanted(c);
  return c.html(
    <Page title="Single sign-on" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <div class="card">
        <PostForm action={HERE} token={c.get("formToken")} hidden={{ next, again }}>
          <Field name="identifier" label="Email" type="email" autocomplete="email" value={email} autofocus />
          <Button>Continue</Button>
        </PostForm>
        <p>
          <a href={`/sign-in?${new URLSearchParams({ next })}`}>Sign in otherwise</a>
        </p>
      </div>
    </Page>,
    problem === undefined ? 200 : 400,
  );
}

function choice(c: Context<PageEnv>, providers: readonly Provider[]) {
  const { next, again, email } = wanted(c);
  return c.html(
    <Page title="Single sign-on" frame={buildFrame(c)} narrow>
      <div class="card">
        {providers.map(({ id, name }) => (
          <PostForm
            action={HERE}
            token={c.get("formToken")}
            hidden={{ next, again, identifier: email, provider: id }}
          >
            <Button kind="quiet">Continue with {name}</Button>
          </PostForm>
        ))}
      </div>
    </Page>,
  );
}

export const ssoSignIn = new Hono<PageEnv>()
  .get(HERE, (c) => emailForm(c))
  .post(HERE, async (c) => {
    const { database, people } = c.get("services");
    const { next, again, email } = wanted(c);
    if (email === "") return emailForm(c);
    const domain = readEmailDomain(email);
    if (domain === undefined) return emailForm(c, "Enter a valid email address.");
    const providers = await listProvidersOfDomain(database.asSystem(), domain);
    if (providers.length === 0) return emailForm(c, `No organization uses single sign-on for ${domain}.`);
    const named = providers.find(({ id }) => id === c.get("form").provider);
    const [first] = providers;
    const provider = named ?? (providers.length === 1 ? first : undefined);
    if (provider === undefined) return choice(c, providers);
    const auth = await people.auth();
    try {
      const { headers, response } = await auth.api.startSso({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body: { providerId: provider.id, next, isStepUp: again === "yes", email },
      });
      copyCookies(c, headers);
      return continueTo(c, buildFrame(c), response.url);
    } catch (error) {
      if (!(error instanceof SsoSignInError)) throw error;
      return c.redirect(`/sign-in/error?error=${error.code}`, 303);
    }
  });
