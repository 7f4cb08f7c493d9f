/** Switching the second factor on and off, and the codes for when the device is lost. */
import { Hono } from "hono";
import { deleteTrustedDevices } from "../../db/queries/identity/user-accounts.ts";
import { toAuthFailure } from "../auth-pages/failures.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { copyCookies, requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

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

function codesPage(frame: Frame, codes: readonly string[], totpUri?: string, problem?: string) {
  const secret = totpUri === undefined ? undefined : new URL(totpUri).searchParams.get("secret");
  return (
    <Page title="Two-factor authentication" frame={frame} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      {secret != null && totpUri !== undefined && (
        <div class="card">
          <p>
            Enter this key into your authenticator app, or <a href={totpUri}>open the app</a> on this device:
          </p>
          <pre id="totp-secret">{secret}</pre>
        </div>
      )}
      {codes.length > 0 && (
        <div class="card">
          <p>Store these backup codes safely. Each works once. They are not shown again.</p>
          <pre id="backup-codes">{codes.join("\n")}</pre>
        </div>
      )}
      {totpUri !== undefined && (
        <div class="card">
          <PostForm action="/account/second-factor/confirm" token={frame.formToken} hidden={{ totpUri }}>
            <Field name="code" label="Authentication code" inputmode="numeric" autocomplete="one-time-code" />
            <Button>Confirm</Button>
          </PostForm>
        </div>
      )}
    </Page>
  );
}

export const secondFactor = new Hono<SignedInEnv>()
  .use("/account/second-factor/*", requireSignedIn, recently("/account/second-factor"))
  .get("/account/second-factor", (c) => c.html(overview(buildFrame(c))))
  .post("/account/second-factor/begin", async (c) => {
    const frame = buildFrame(c);
    const auth = await c.get("services").people.auth();
    try {
      const begun = await auth.api.enableTwoFactor({
        headers: c.req.raw.headers,
        body: { password: c.get("form").password ?? "" },
      });
      const uri = "totpURI" in begun ? begun.totpURI : undefined;
      const codes = "backupCodes" in begun ? begun.backupCodes : undefined;
      return c.html(codesPage(frame, codes ?? [], uri));
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      return c.html(overview(frame, message), status);
    }
  })
  .post("/account/second-factor/confirm", async (c) => {
    const frame = buildFrame(c);
    const { code = "", totpUri } = c.get("form");
    const auth = await c.get("services").people.auth();
    try {
      const body = { code: code.replace(/\s/g, "") };
      const { headers } = await auth.api.verifyTOTP({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body,
      });
      copyCookies(c, headers);
      return c.redirect("/account?done", 303);
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      const uri = totpUri?.startsWith("otpauth://totp/") === true ? totpUri : undefined;
      return c.html(codesPage(frame, [], uri, message), status);
    }
  })
  .post("/account/second-factor/codes", async (c) => {
    const frame = buildFrame(c);
    const auth = await c.get("services").people.auth();
    try {
      const body = { password: c.get("form").password ?? "" };
      const { backupCodes } = await auth.api.generateBackupCodes({ headers: c.req.raw.headers, body });
      return c.html(codesPage(frame, backupCodes));
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      return c.html(overview(frame, message), status);
    }
  })
  .post("/account/second-factor/devices", async (c) => {
    await deleteTrustedDevices(c.get("services").database.asSystem(), c.get("person").id);
    return c.redirect("/account?done", 303);
  })
  .post("/account/second-factor/end", async (c) => {
    const frame = buildFrame(c);
    const auth = await c.get("services").people.auth();
    try {
      const body = { password: c.get("form").password ?? "" };
      const { headers } = await auth.api.disableTwoFactor({
        headers: c.req.raw.headers,
        returnHeaders: true,
        body,
      });
      copyCookies(c, headers);
      await deleteTrustedDevices(c.get("services").database.asSystem(), c.get("person").id);
      return c.redirect("/account?done", 303);
    } catch (thrown) {
      const { message, status } = toAuthFailure(thrown);
      return c.html(overview(frame, message), status);
    }
  });
