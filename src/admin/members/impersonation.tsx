/** Acting as a member, for operators: with a reason, which the audit log keeps. */
import { type Context, Hono } from "hono";
import { toAuthFailure } from "../auth-pages/failures.ts";
import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import { setFlash } from "../http/flash.ts";
import { copyCookies } from "../http/page-context.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { memberViewShape } from "./views.tsx";

const PATH = "/admin/members/:id/act-as";
const MAX_REASON = 500;

const userId = (c: Context<AdminEnv>) => c.req.param("id") ?? "";
const memberPath = (c: Context<AdminEnv>) => `/admin/members/${encodeURIComponent(userId(c))}`;

async function showForm(c: Context<AdminEnv>, problem?: string) {
  const { value: member } = await c
    .get("rest")
    .read(`/users/${encodeURIComponent(userId(c))}`, memberViewShape);
  return (
    <Page title={`Impersonate ${member.name}`} frame={buildFrame(c)}>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <PostForm action={`${memberPath(c)}/act-as`} token={c.get("formToken")} class="wide card">
        <p>
          You see what {member.email} sees, for at most one hour. Every action is logged under your own
          account, with this reason.
        </p>
        <Field
          name="reason"
          label="Reason"
          hint="For example the number of a support ticket."
          maxlength={MAX_REASON}
          autofocus
        />
        <div class="start">
          <Button>Start impersonating</Button>
          <a class="button quiet" href={memberPath(c)}>
            Cancel
          </a>
        </div>
      </PostForm>
    </Page>
  );
}

export const impersonation = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("system.write"), async (c) => c.html(await showForm(c)))
  .post(PATH, requirePagePermission("system.write"), async (c) => {
    const reason = (c.get("form").reason ?? "").trim();
    if (reason === "") return c.html(await showForm(c, "Enter a reason."), 422);
    const auth = await c.get("services").people.auth();
    const body = { userId: userId(c), reason: reason.slice(0, MAX_REASON) };
    try {
      const { headers } = await auth.api.impersonateUser({
        headers: c.req.raw.headers,
        body,
        returnHeaders: true,
      });
      copyCookies(c, headers);
    } catch (thrown) {
      toAuthFailure(thrown);
      await setFlash(c, { says: "Operators and banned users cannot be impersonated.", bad: true });
      return c.redirect(memberPath(c), 303);
    }
    return c.redirect("/admin", 303);
  });
