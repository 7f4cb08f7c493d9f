/** Which providers' accounts sign in as this person: connecting one, and disconnecting it. */
import { Hono } from "hono";
import { listLinkedAccounts } from "../../db/queries/identity/user-accounts.ts";
import { SOCIAL_NAMES, SOCIAL_PROVIDERS } from "../../identity/users/social-providers.ts";
import { continueTo } from "../auth-pages/continue.tsx";
import { toAuthFailure } from "../auth-pages/failures.ts";
import { Button, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HERE = "/account/providers";

interface Linked {
  readonly id: string;
  readonly providerId: string;
}

function providersPage(
  frame: Frame,
  linked: readonly Linked[],
  offered: readonly string[],
  problem?: string,
) {
  return (
    <Page title="Sign-in providers" frame={frame} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <div class="card">
        {offered.length === 0 && <p>No sign-in providers are configured.</p>}
        <ul class="plain">
          {SOCIAL_PROVIDERS.filter((provider) => offered.includes(provider)).map((provider) => {
            const account = linked.find(({ providerId }) => providerId === provider);
            const action = `${HERE}/${provider}${account === undefined ? "" : "/disconnect"}`;
            return (
              <li class="row">
                <span>
                  <strong>{SOCIAL_NAMES[provider]}</strong>{" "}
                  <span class="quiet-text">{account === undefined ? "not connected" : "connected"}</span>
                </span>
                <PostForm
                  action={action}
                  token={frame.formToken}
                  hidden={account === undefined ? {} : { account: account.id }}
                  class="inline"
                >
                  <Button kind={account === undefined ? "quiet" : "danger"}>
                    {account === undefined ? "Connect" : "Disconnect"}
                  </Button>
                </PostForm>
              </li>
            );
          })}
        </ul>
      </div>
    </Page>
  );
}

export const providers = new Hono<SignedInEnv>()
  .use(`${HERE}/*`, requireSignedIn, recently(HERE))
  .get(HERE, async (c) => {
    const { database, people } = c.get("services");
    const linked = await listLinkedAccounts(database.asSystem(), c.get("person").id);
    return c.html(providersPage(buildFrame(c), linked, people.providers));
  })
  .post(`${HERE}/:provider`, async (c) => {
    const provider = SOCIAL_PROVIDERS.find((known) => known === c.req.param("provider"));
    const { database, people } = c.get("services");
    if (provider === undefined || !people.providers.includes(provider)) return c.notFound();
    const auth = await people.auth();
    try {
      const { headers, response } = await auth.api.linkSocialAccount({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body: { provider, callbackURL: HERE, errorCallbackURL: "/sign-in/error", disableRedirect: true },
      });
      copyCookies(c, headers);
      return continueTo(c, buildFrame(c), response.url);
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      const linked = await listLinkedAccounts(database.asSystem(), c.get("person").id);
      return c.html(providersPage(buildFrame(c), linked, people.providers, message), status);
    }
  })
  .post(`${HERE}/:provider/disconnect`, async (c) => {
    const { database, people } = c.get("services");
    const auth = await people.auth();
    try {
      const body = { accountId: c.get("form").account ?? "" };
      await auth.api.unlinkAccount({ headers: c.req.raw.headers, body });
      return c.redirect(HERE, 303);
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      const linked = await listLinkedAccounts(database.asSystem(), c.get("person").id);
      return c.html(providersPage(buildFrame(c), linked, people.providers, message), status);
    }
  });
