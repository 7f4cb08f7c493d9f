/** Resetting how a member signs in: their second factor, and by a link in an email their password. */
import { type Context, Hono } from "hono";
import type { AdminEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { ConfirmPage, isConfirmed } from "../ui/confirm.tsx";
import { buildFrame } from "../ui/frame.ts";
import { memberViewShape } from "./views.tsx";

const MEMBER = "/admin/members/:id";
const memberId = (c: Context<AdminEnv>) => encodeURIComponent(c.req.param("id") ?? "");
const memberPath = (c: Context<AdminEnv>) => `/admin/members/${memberId(c)}`;

async function confirmReset(c: Context<AdminEnv>, problem?: string) {
  const { value } = await c.get("rest").read(`/users/${memberId(c)}`, memberViewShape);
  return (
    <ConfirmPage
      frame={buildFrame(c)}
      title={`Reset two-factor authentication of ${value.name}?`}
      says="They can then sign in with their password alone, until they set it up again. Their passkeys and all their sessions are revoked, and they are notified by email. Make sure that the request really comes from them."
      name={value.email}
      action={`${memberPath(c)}/reset-second-factor`}
      submit="Reset 2FA"
      cancel={memberPath(c)}
      problem={problem}
    />
  );
}

export const memberCredentials = new Hono<AdminEnv>()
  .get(
    `${MEMBER}/reset-second-factor`,
    requirePagePermission("users.reset-second-factor"),
    recently(),
    async (c) => c.html(await confirmReset(c)),
  )
  .post(
    `${MEMBER}/reset-second-factor`,
    requirePagePermission("users.reset-second-factor"),
    recently(),
    async (c) => {
      const { value } = await c.get("rest").read(`/users/${memberId(c)}`, memberViewShape);
      if (!isConfirmed(c.get("form"), value.email)) {
        return c.html(await confirmReset(c, "The email does not match. Nothing was reset."), 422);
      }
      const sent = await c.get("rest").send("POST", `/users/${memberId(c)}/reset-second-factor`);
      const says = `Two-factor authentication of ${value.name} was reset.`;
      return redirectWithFlash(c, sent, { says, back: memberPath(c) });
    },
  )
  .post(`${MEMBER}/password-reset`, requirePagePermission("users.send-password-reset"), async (c) => {
    const sent = await c.get("rest").send("POST", `/users/${memberId(c)}/send-password-reset`);
    return redirectWithFlash(c, sent, { says: "Password reset link sent.", back: memberPath(c) });
  });
