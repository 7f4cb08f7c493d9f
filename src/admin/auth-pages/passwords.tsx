/** Password reset and email confirmation by the links in mails. */
import { type Context, Hono } from "hono";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { type AuthFailure, toAuthFailure } from "./failures.ts";

export const NEW_PASSWORD = {
  name: "password",
  label: "New password",
  type: "password",
  autocomplete: "new-password",
  minlength: 12,
  maxlength: 128,
  hint: "At least 12 characters. A passphrase works well.",
} as const;

function resetForm(c: Context<PageEnv>, token: string, problem?: AuthFailure) {
  return c.html(
    <Page title="Reset your password" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem.message}</Notice>}
      <div class="card">
        <PostForm action="/reset-password" token={c.get("formToken")} hidden={{ token }}>
          <Field {...NEW_PASSWORD} autofocus />
          <Button>Set password</Button>
        </PostForm>
      </div>
    </Page>,
    problem?.status ?? 200,
  );
}

const said = (c: Context<PageEnv>, title: string, text: string, bad = false) =>
  c.html(
    <Page title={title} frame={buildFrame(c)} narrow>
      <Notice bad={bad}>{text}</Notice>
      <p>
        <a href="/sign-in">Sign in</a>
      </p>
    </Page>,
    bad ? 400 : 200,
  );

export const passwords = new Hono<PageEnv>()
  .get("/forgot-password", (c) =>
    c.html(
      <Page title="Forgot your password?" frame={buildFrame(c)} narrow>
        <div class="card">
          <PostForm action="/forgot-password" token={c.get("formToken")}>
            <Field name="email" label="Email" type="email" autocomplete="email" autofocus />
            <Button>Send reset link</Button>
          </PostForm>
        </div>
      </Page>,
    ),
  )
  .post("/forgot-password", async (c) => {
    const auth = await c.get("services").people.auth();
    const email = (c.get("form").email ?? "").trim();
    try {
      await auth.api.requestPasswordReset({ headers: c.req.raw.headers, body: { email } });
    } catch (thrown) {
      const problem = toAuthFailure(thrown);
      return said(c, "Forgot your password?", problem.message, true);
    }
    // The same text for every address, so that the page does not disclose which accounts exist.
    return said(c, "Check your email", `If an account exists for ${email}, a reset link has been sent.`);
  })
  .get("/reset-password", (c) => resetForm(c, c.req.query("token") ?? ""))
  .post("/reset-password", async (c) => {
    const auth = await c.get("services").people.auth();
    const { token = "", password = "" } = c.get("form");
    try {
      const body = { token, newPassword: password };
      await auth.api.resetPassword({ headers: c.req.raw.headers, body });
    } catch (thrown) {
      return resetForm(c, token, toAuthFailure(thrown));
    }
    return said(c, "Password changed", "All sessions were signed out.");
  })
  // Mail programs open links to look at them; so the link shows a button, and the button confirms.
  .get("/verify-email", (c) =>
    c.html(
      <Page title="Confirm your email address" frame={buildFrame(c)} narrow>
        <div class="card">
          <PostForm
            action="/verify-email"
            token={c.get("formToken")}
            hidden={{ token: c.req.query("token") ?? "" }}
          >
            <Button>Confirm</Button>
          </PostForm>
        </div>
      </Page>,
    ),
  )
  .post("/verify-email", async (c) => {
    const auth = await c.get("services").people.auth();
    try {
      const query = { token: c.get("form").token ?? "" };
      await auth.api.verifyEmail({ headers: c.req.raw.headers, query });
    } catch (thrown) {
      return said(c, "Confirm your email address", toAuthFailure(thrown).message, true);
    }
    return said(c, "Email confirmed", "Your email address is confirmed.");
  });
