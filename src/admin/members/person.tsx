/** One person: their role here, whether they may come in, where they are signed in. */
import { Hono } from "hono";
import { z } from "zod";
import { ROLES } from "../../core/enums.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { readFields, readTyped } from "../forms/fields.ts";
import { pageShape } from "../http/api-client.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { ConfirmPage, isConfirmed } from "../ui/confirm.tsx";
import { buildFrame } from "../ui/frame.ts";
import { memberCredentials } from "./credentials.tsx";
import { impersonation } from "./impersonation.tsx";
import { BAN_FIELDS, MemberPage, sessionShape } from "./person-page.tsx";
import { memberViewShape } from "./views.tsx";

const PATH = "/admin/members";
const memberShape = z.object({ role: z.enum(ROLES) });
const sessionPage = pageShape(sessionShape);

const api = (c: AdminContext, rest = "") => `/users/${encodeURIComponent(idOf(c))}${rest}`;
const idOf = (c: AdminContext) => c.req.param("id") ?? "";
const back = (c: AdminContext) => `${PATH}/${encodeURIComponent(idOf(c))}`;

async function page(c: AdminContext, ban?: FormOutcome) {
  const rest = c.get("rest");
  const [{ value: person }, { etag }, { value: sessions }] = await Promise.all([
    rest.read(api(c), memberViewShape),
    rest.read(`/members/${encodeURIComponent(idOf(c))}`, memberShape),
    rest.read(api(c, "/sessions"), sessionPage),
  ]);
  const isSelf = person.id === c.get("person").id;
  const isOwn = person.isHome && !isSelf;
  return (
    <MemberPage
      frame={buildFrame(c)}
      person={person}
      etag={etag}
      sessions={sessions.items}
      here={back(c)}
      {...(ban !== undefined && { ban })}
      rights={{
        isSelf,
        role: may(c, "members.update"),
        remove: may(c, "members.remove") && !isSelf,
        standing: isOwn && may(c, "users.update"),
        ban: isOwn && may(c, "users.ban"),
        sessions: person.isHome && may(c, "users.end-sessions"),
        resetSecondFactor: isOwn && person.twoFactorEnabled && may(c, "users.reset-second-factor"),
        sendPasswordReset: isOwn && may(c, "users.send-password-reset"),
        actAs: !isSelf && person.isActive && !person.banned && may(c, "system.write"),
      }}
    />
  );
}

export const memberPage = new Hono<AdminEnv>()
  .get(`${PATH}/:id`, requirePagePermission("users.read"), async (c) => c.html(await page(c)))
  .post(`${PATH}/:id/role`, requirePagePermission("members.update"), async (c) => {
    const { role, etag } = c.get("form");
    const sent = await c
      .get("rest")
      .send("PATCH", `/members/${encodeURIComponent(idOf(c))}`, { json: { role }, ifMatch: etag });
    return redirectWithFlash(c, sent, { says: `Role changed to ${role}.`, back: back(c) });
  })
  .post(`${PATH}/:id/standing`, requirePagePermission("users.update"), async (c) => {
    const isActive = c.get("form").active === "yes";
    const sent = await c.get("rest").send("PATCH", api(c), { json: { isActive }, ifMatch: "*" });
    const says = isActive ? "Account enabled." : "Account disabled.";
    return redirectWithFlash(c, sent, { says, back: back(c) });
  })
  .post(`${PATH}/:id/ban`, requirePagePermission("users.ban"), async (c) => {
    const typed = readTyped(BAN_FIELDS, c.get("posted"));
    const { body, faults } = readFields(BAN_FIELDS, typed);
    if (faults.length > 0) return c.html(await page(c, { typed, faults }), 422);
    const sent = await c.get("rest").send("POST", api(c, "/ban"), { json: body });
    if (!sent.ok) return c.html(await page(c, toFormOutcome(sent.refusal, typed)), 422);
    return redirectWithFlash(c, sent, { says: "Account banned. All sessions were revoked.", back: back(c) });
  })
  .post(`${PATH}/:id/unban`, requirePagePermission("users.ban"), async (c) => {
    const sent = await c.get("rest").send("POST", api(c, "/unban"));
    return redirectWithFlash(c, sent, { says: "Ban removed.", back: back(c) });
  })
  .post(`${PATH}/:id/sessions`, requirePagePermission("users.end-sessions"), async (c) => {
    const { session } = c.get("form");
    const json = session === undefined ? {} : { sessionId: session };
    const sent = await c.get("rest").send("POST", api(c, "/end-sessions"), { json });
    const says = session === undefined ? "All sessions revoked." : "Session revoked.";
    return redirectWithFlash(c, sent, { says, back: back(c) });
  })
  .route("/", memberCredentials)
  .route("/", impersonation)
  .get(`${PATH}/:id/remove`, requirePagePermission("members.remove"), async (c) => c.html(await removal(c)))
  .post(`${PATH}/:id/remove`, requirePagePermission("members.remove"), async (c) => {
    const { value } = await c.get("rest").read(api(c), memberViewShape);
    if (!isConfirmed(c.get("form"), value.email)) {
      return c.html(await removal(c, "The email does not match. The member was not removed."), 422);
    }
    const sent = await c.get("rest").send("DELETE", `/members/${encodeURIComponent(idOf(c))}`);
    return redirectWithFlash(c, sent, {
      says: `${value.name} removed from the organization.`,
      back: PATH,
      otherwise: back(c),
    });
  });

async function removal(c: AdminContext, problem?: string) {
  const { value } = await c.get("rest").read(api(c), memberViewShape);
  return (
    <ConfirmPage
      frame={buildFrame(c)}
      title={`Remove ${value.name}?`}
      says="Removes the membership, API keys and application grants. The user account is kept and can be invited again."
      name={value.email}
      action={`${back(c)}/remove`}
      submit="Remove member"
      cancel={back(c)}
      problem={problem}
    />
  );
}
