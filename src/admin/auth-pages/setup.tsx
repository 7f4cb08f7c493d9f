/** The setup page: creates the first admin and the first organization through the link in the log. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { PASSWORD_WEAKNESS_MESSAGES } from "../../core/password-strength.ts";
import { clientIp } from "../../identity/users/hooks.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { NEW_PASSWORD } from "./passwords.tsx";

const answers = z.object({
  token: z.string(),
  name: z.string().trim().min(1, "Enter your name.").max(200),
  email: z.email("Enter your email address.").max(320),
  password: z.string().min(12, "The password must have at least 12 characters.").max(128),
  tenantName: z.string().trim().min(1, "Enter the name of your organization.").max(200),
  tenantSlug: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "Use lowercase letters, digits and hyphens."),
});

function form(c: Context<PageEnv>, token: string, problem?: string, status: 200 | 400 | 403 | 429 = 200) {
  const given = c.get("form");
  return c.html(
    <Page title="Set up this gateway" frame={buildFrame(c)} narrow>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <div class="card">
        <PostForm action="/setup" token={c.get("formToken")} hidden={{ token }}>
          <Field name="name" label="Your name" autocomplete="name" value={given.name} autofocus />
          <Field name="email" label="Email" type="email" autocomplete="email" value={given.email} />
          <Field {...NEW_PASSWORD} label="Password" />
          <Field name="tenantName" label="Organization name" value={given.tenantName} />
          <Field
            name="tenantSlug"
            label="Slug"
            hint="Used in URLs. Lowercase letters, digits and hyphens."
            value={given.tenantSlug}
          />
          <Button>Create admin</Button>
        </PostForm>
      </div>
    </Page>,
    status,
  );
}

export const setup = new Hono<PageEnv>()
  .get("/setup", async (c) => {
    const { setup } = c.get("services").people;
    if (!(await setup.isNeeded())) return c.redirect("/sign-in", 303);
    const token = c.req.query("token");
    if (token !== undefined) return form(c, token);
    await setup.announce();
    return c.html(
      <Page title="Set up this gateway" frame={buildFrame(c)} narrow>
        <p>Setup is not complete. Open the setup link from the Worker log to create the first admin.</p>
        <p class="quiet-text">
          On Cloudflare, find it with <code>wrangler tail</code> or in the Worker's log page. The link works
          once and expires after one hour.
        </p>
      </Page>,
    );
  })
  .post("/setup", async (c) => {
    const parsed = answers.safeParse(c.get("form"));
    if (!parsed.success) {
      return form(c, c.get("form").token ?? "", parsed.error.issues[0]?.message ?? "Check your input.", 400);
    }
    const { token, name, email, password, tenantName, tenantSlug } = parsed.data;
    const { judgeNewPassword } = c.get("services").people;
    const weakness = await judgeNewPassword(password, [name, email, tenantName, tenantSlug]);
    if (weakness !== undefined) return form(c, token, PASSWORD_WEAKNESS_MESSAGES[weakness], 400);
    const outcome = await c.get("services").people.setup.finish(parsed.data, clientIp(c.req.raw.headers));
    if (outcome === "done") return c.redirect("/sign-in", 303);
    if (outcome === "wrong") {
      return form(
        c,
        parsed.data.token,
        "This link has expired or was already used. Find a new one in the Worker log.",
        403,
      );
    }
    return form(c, parsed.data.token, `Too many attempts. Retry in ${outcome.retryAfterSeconds} s.`, 429);
  });
