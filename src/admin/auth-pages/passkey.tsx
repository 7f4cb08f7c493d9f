/** Sign-in with a passkey: the page's script calls the authenticator and sends its response as a form. */
import { type Context, Hono } from "hono";
import { Notice } from "../forms/controls.tsx";
import { PasskeyForm, parseAuthentication } from "../forms/passkey-form.tsx";
import { copyCookies, safeNext } from "../http/page-context.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { continueTo } from "./continue.tsx";
import { type AuthFailure, toAuthFailure } from "./failures.ts";

const HERE = "/sign-in/passkey";
const HOME = "/admin";

const wantedNext = (c: Context<PageEnv>) => safeNext(c.get("form").next, c.get("config").publicUrl) ?? HOME;

async function showForm(c: Context<PageEnv>, problem?: AuthFailure) {
  const auth = await c.get("services").people.auth();
  const { headers, response } = await auth.api.generatePasskeyAuthenticationOptions({
    headers: c.req.raw.headers,
    returnHeaders: true,
  });
  copyCookies(c, headers);
  const next = wantedNext(c);
  return c.html(
    <Page title="Sign in with a passkey" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem.message}</Notice>}
      <div class="card">
        <PasskeyForm
          action={`${HERE}/finish`}
          token={c.get("formToken")}
          use="get"
          options={response}
          hidden={{ next }}
          label="Use passkey"
        />
        <p>
          <a href={`/sign-in?${new URLSearchParams({ next })}`}>Sign in with a password</a>
        </p>
      </div>
    </Page>,
    problem?.status ?? 200,
  );
}

export const passkeySignIn = new Hono<PageEnv>()
  .get(`${HERE}/*`, (c) => c.redirect("/sign-in", 303))
  .post(HERE, (c) => showForm(c))
  .post(`${HERE}/finish`, async (c) => {
    const response = parseAuthentication(c.get("form").response);
    if (response === undefined) return c.redirect("/sign-in", 303);
    const auth = await c.get("services").people.auth();
    try {
      const { headers } = await auth.api.verifyPasskeyAuthentication({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body: { response },
      });
      copyCookies(c, headers);
      return continueTo(c, buildFrame(c), wantedNext(c));
    } catch (thrown) {
      return showForm(c, toAuthFailure(thrown));
    }
  });
