/** Passkeys of the signed-in user: adding one with the authenticator, and removing one. */
import { type Context, Hono } from "hono";
import { listPasskeys } from "../../db/queries/identity/passkeys.ts";
import { type AuthFailure, toAuthFailure } from "../auth-pages/failures.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { PasskeyForm, parseRegistration } from "../forms/passkey-form.tsx";
import { copyCookies, requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HERE = "/account/passkeys";
const MAX_NAME = 64;
/** Enough for every device of a person. */
const MAX_PASSKEYS = 20;

async function showList(c: Context<SignedInEnv>, problem?: AuthFailure) {
  const passkeys = await listPasskeys(c.get("services").database.asSystem(), c.get("person").id);
  const token = c.get("formToken");
  return c.html(
    <Page title="Passkeys" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem.message}</Notice>}
      <div class="card">
        <p>
          A passkey signs you in with your device's fingerprint, face or PIN, without a password or a code. It
          counts as two-factor authentication where your organization requires it.
        </p>
        {passkeys.length === 0 && <p>No passkeys yet</p>}
        <ul class="plain">
          {passkeys.map((passkey) => (
            <li class="row">
              <span>
                <strong>{passkey.name ?? "Passkey"}</strong>
                <br />
                <span class="quiet-text">
                  Added <Time at={passkey.createdAt} />
                  {passkey.lastUsedAt !== null && (
                    <>
                      , last used <Time at={passkey.lastUsedAt} />
                    </>
                  )}
                </span>
              </span>
              <PostForm action={`${HERE}/remove`} token={token} hidden={{ id: passkey.id }} class="inline">
                <Button kind="danger">Remove</Button>
              </PostForm>
            </li>
          ))}
        </ul>
      </div>
      {passkeys.length < MAX_PASSKEYS && (
        <div class="card">
          <h2>Add a passkey</h2>
          <PostForm action={`${HERE}/begin`} token={token}>
            <Field
              name="name"
              label="Name"
              hint="For example the device that holds it."
              maxlength={MAX_NAME}
            />
            <Button>Continue</Button>
          </PostForm>
        </div>
      )}
    </Page>,
    problem?.status ?? 200,
  );
}

export const passkeys = new Hono<SignedInEnv>()
  .use(`${HERE}/*`, requireSignedIn, recently(HERE))
  .get(HERE, (c) => showList(c))
  .get(`${HERE}/:step`, (c) => c.redirect(HERE, 303))
  .post(`${HERE}/begin`, async (c) => {
    const name = (c.get("form").name ?? "").trim().slice(0, MAX_NAME);
    const { database, people } = c.get("services");
    const known = await listPasskeys(database.asSystem(), c.get("person").id);
    if (known.length >= MAX_PASSKEYS) return c.redirect(HERE, 303);
    const auth = await people.auth();
    try {
      const { headers, response } = await auth.api.generatePasskeyRegistrationOptions({
        headers: c.req.raw.headers,
        returnHeaders: true,
        query: {},
      });
      copyCookies(c, headers);
      return c.html(
        <Page title="Add a passkey" frame={buildFrame(c)} narrow>
          <div class="card">
            <p>Your browser then offers where to store the passkey.</p>
            <PasskeyForm
              action={`${HERE}/finish`}
              token={c.get("formToken")}
              use="create"
              options={response}
              hidden={{ name }}
              label="Create passkey"
            />
          </div>
        </Page>,
      );
    } catch (thrown) {
      return showList(c, toAuthFailure(thrown));
    }
  })
  .post(`${HERE}/finish`, async (c) => {
    const { name = "", response: text } = c.get("form");
    const response = parseRegistration(text);
    if (response === undefined) return c.redirect(HERE, 303);
    const auth = await c.get("services").people.auth();
    try {
      const body = { response, ...(name !== "" && { name: name.slice(0, MAX_NAME) }) };
      await auth.api.verifyPasskeyRegistration({ headers: c.req.raw.headers, body });
      return c.redirect("/account?done=passkey-added", 303);
    } catch (thrown) {
      return showList(c, toAuthFailure(thrown));
    }
  })
  .post(`${HERE}/remove`, async (c) => {
    const auth = await c.get("services").people.auth();
    try {
      const body = { id: c.get("form").id ?? "" };
      await auth.api.deletePasskey({ headers: c.req.raw.headers, body });
      return c.redirect(HERE, 303);
    } catch (thrown) {
      return showList(c, toAuthFailure(thrown));
    }
  });
