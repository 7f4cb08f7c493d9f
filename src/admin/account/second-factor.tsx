/** Two-factor authentication of the signed-in user: setup, backup codes, trusted devices, and disabling it. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { deleteTrustedDevices } from "../../db/queries/identity/user-accounts.ts";
import { toAuthFailure } from "../auth-pages/failures.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { openCookie, sealCookie } from "../http/sealed-cookie.ts";
import { CopyButton } from "../ui/components.tsx";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { QrCode } from "./qr-code.tsx";
import type { AccountResult } from "./results.ts";

const HERE = "/account/second-factor";

const PASSWORD = {
  name: "password",
  label: "Your password",
  type: "password",
  autocomplete: "current-password",
  hint: "Leave empty if you only sign in through a provider.",
  optional: true,
} as const;

function overview(frame: Frame, problem?: string) {
  const isOn = frame.person?.twoFactorEnabled === true;
  const token = frame.formToken;
  return (
    <Page title="Two-factor authentication" frame={frame} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      {frame.person?.secondFactorDuty === "missing" && (
        <Notice bad>
          {frame.person.tenant?.name} requires two-factor authentication. Set it up to continue, sign in with
          a <a href="/account/passkeys">passkey</a>, or <a href="/account">switch the organization</a>.
        </Notice>
      )}
      {!isOn && (
        <div class="card">
          <p>Requires a code in addition to your password.</p>
          <PostForm action="/account/second-factor/begin" token={token}>
            <Field {...PASSWORD} />
            <Button>Enable</Button>
          </PostForm>
        </div>
      )}
      {isOn && (
        <>
          <div class="card">
            <h2>New backup codes</h2>
            <PostForm action="/account/second-factor/codes" token={token}>
              <Field {...PASSWORD} />
              <Button kind="quiet">Regenerate backup codes</Button>
            </PostForm>
          </div>
          <div class="card">
            <h2>Trusted devices</h2>
            <PostForm action="/account/second-factor/devices" token={token}>
              <Button kind="quiet">Remove all trusted devices</Button>
            </PostForm>
          </div>
          <div class="card">
            <h2>Disable</h2>
            <PostForm action="/account/second-factor/end" token={token}>
              <Field {...PASSWORD} />
              <Button kind="danger">Disable</Button>
            </PostForm>
          </div>
        </>
      )}
    </Page>
  );
}

/** What a page of the setup shows; sealed in its form, so that a wrong code loses none of it. */
const setupShape = z.object({ totpUri: z.string(), backupCodes: z.array(z.string()) });
type Setup = z.output<typeof setupShape>;
const SETUP = "second-factor-setup";

async function setupPage(c: Context<SignedInEnv>, setup: Setup, problem?: string) {
  const frame = buildFrame(c);
  const { totpUri, backupCodes } = setup;
  const sealed = await sealCookie(c, SETUP, setup);
  return (
    <Page title="Set up two-factor authentication" frame={frame} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <div class="card">
        <h2>1. Scan this code</h2>
        <p>
          Scan it with your authenticator app, or <a href={totpUri}>open the app</a> on this device.
        </p>
        <QrCode text={totpUri} label="QR code for your authenticator app" />
        <p>If you cannot scan it, enter this key instead:</p>
        <pre id="totp-secret">{new URL(totpUri).searchParams.get("secret")}</pre>
      </div>
      <BackupCodes title="2. Store the backup codes" codes={backupCodes} />
      <div class="card">
        <h2>3. Enter a code of the app</h2>
        <PostForm action="/account/second-factor/confirm" token={frame.formToken} hidden={{ setup: sealed }}>
          <Field
            name="code"
            label="Authentication code"
            inputmode="numeric"
            autocomplete="one-time-code"
            autofocus={problem !== undefined}
          />
          <label class="check">
            <input type="checkbox" name="stored" value="yes" required /> I have stored the backup codes
          </label>
          <div class="start">
            <Button>Confirm</Button>
            <a class="button quiet" href={HERE}>
              Cancel
            </a>
          </div>
        </PostForm>
      </div>
    </Page>
  );
}

function BackupCodes({ title, codes }: { title: string; codes: readonly string[] }) {
  return (
    <div class="card">
      <h2>{title}</h2>
      <p>Each code signs you in once if you lose the app. They cannot be shown again later.</p>
      <pre id="backup-codes">{codes.join("\n")}</pre>
      <CopyButton from="backup-codes" label="Copy codes" />
    </div>
  );
}

function newCodesPage(frame: Frame, codes: readonly string[]) {
  return (
    <Page title="New backup codes" frame={frame} narrow>
      <Notice>The previous backup codes no longer work.</Notice>
      <BackupCodes title="Backup codes" codes={codes} />
      <p>
        <a class="button" href={HERE}>
          I have stored the backup codes
        </a>
      </p>
    </Page>
  );
}

const notStarted = (thrown: unknown, c: Context<SignedInEnv>) => {
  const { message, status } = toAuthFailure(thrown);
  return c.html(overview(buildFrame(c), message), status);
};

/** Enabling and disabling begin a new session, which could not read a message sealed to the old one. */
const done = (c: Context<SignedInEnv>, what: AccountResult) => c.redirect(`/account?done=${what}`, 303);

export const secondFactor = new Hono<SignedInEnv>()
  .use(`${HERE}/*`, requireSignedIn, recently(HERE))
  .get(HERE, (c) => c.html(overview(buildFrame(c))))
  // Reloaded, or reached by the way back from a sign-in: the setup begins anew.
  .get(`${HERE}/:step`, (c) => c.redirect(HERE, 303))
  .post(`${HERE}/begin`, async (c) => {
    const auth = await c.get("services").people.auth();
    try {
      const body = { password: c.get("form").password ?? "" };
      const begun = await auth.api.enableTwoFactor({ headers: c.req.raw.headers, body });
      return c.html(
        await setupPage(c, setupShape.parse({ ...begun, totpUri: Reflect.get(begun, "totpURI") })),
      );
    } catch (thrown) {
      return notStarted(thrown, c);
    }
  })
  .post(`${HERE}/confirm`, async (c) => {
    const { code = "", setup: sealed = "", stored } = c.get("form");
    const setup = await openCookie(c, SETUP, setupShape, sealed);
    if (setup === undefined) return c.redirect(HERE, 303);
    if (stored !== "yes") {
      return c.html(await setupPage(c, setup, "Store the backup codes, then confirm that you have."), 422);
    }
    const auth = await c.get("services").people.auth();
    try {
      const { headers } = await auth.api.verifyTOTP({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body: { code: code.replace(/\s/g, "") },
      });
      copyCookies(c, headers);
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      return c.html(await setupPage(c, setup, message), status);
    }
    return done(c, "second-factor-on");
  })
  .post(`${HERE}/codes`, async (c) => {
    const auth = await c.get("services").people.auth();
    try {
      const body = { password: c.get("form").password ?? "" };
      const { backupCodes } = await auth.api.generateBackupCodes({ headers: c.req.raw.headers, body });
      return c.html(newCodesPage(buildFrame(c), backupCodes));
    } catch (thrown) {
      return notStarted(thrown, c);
    }
  })
  .post(`${HERE}/devices`, async (c) => {
    await deleteTrustedDevices(c.get("services").database.asSystem(), c.get("person").id);
    return done(c, "devices-removed");
  })
  .post(`${HERE}/end`, async (c) => {
    const auth = await c.get("services").people.auth();
    try {
      const body = { password: c.get("form").password ?? "" };
      const { headers } = await auth.api.disableTwoFactor({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body,
      });
      copyCookies(c, headers);
    } catch (thrown) {
      return notStarted(thrown, c);
    }
    await deleteTrustedDevices(c.get("services").database.asSystem(), c.get("person").id);
    return done(c, "second-factor-off");
  });
