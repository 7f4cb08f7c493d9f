/** The pages of invitations. The link is sent by email and never shown. */
import { Hono } from "hono";
import { z } from "zod";
import { INVITATION_STATUSES, ROLES } from "../../core/enums.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { type FieldSpec, initialValues, readFields, readTyped } from "../forms/fields.ts";
import { Form } from "../forms/form.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { type ListSpec, optionsFrom } from "../lists/spec.ts";
import { Badge, Time, type Tone } from "../ui/components.tsx";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { ROLE_OPTIONS } from "./views.tsx";

const PATH = "/admin/members/invitations";

const shape = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  status: z.enum(INVITATION_STATUSES),
  sentCount: z.number(),
  expiresAt: z.string(),
  createdAt: z.string(),
});
type Invitation = z.infer<typeof shape>;

const TONES: Record<Invitation["status"], Tone> = {
  pending: "warn",
  accepted: "good",
  rejected: "bad",
  canceled: "off",
  expired: "off",
};

const FIELDS: readonly FieldSpec[] = [
  {
    name: "emails",
    label: "Emails",
    kind: "lines",
    hint: "One per line, at most 50. All get the same role.",
  },
  { name: "role", label: "Role", kind: "choice", options: ROLE_OPTIONS, initial: "user" },
];

const list: ListSpec<Invitation> = {
  path: PATH,
  api: "/invitations",
  shape,
  label: "Invitations",
  usual: "-createdAt",
  search: "Email",
  idOf: ({ id }) => id,
  filters: [
    { name: "status", label: "Status", kind: "choice", options: optionsFrom(INVITATION_STATUSES) },
    { name: "role", label: "Role", kind: "choice", options: optionsFrom(ROLES) },
  ],
  columns: [
    { name: "email", label: "Email", sorts: true, show: ({ email }) => email },
    { name: "role", label: "Role", show: ({ role }) => <span class="tag">{role}</span> },
    {
      name: "status",
      label: "Status",
      sorts: true,
      show: ({ status }) => <Badge tone={TONES[status]}>{status}</Badge>,
    },
    { name: "sentCount", label: "Emails sent", number: true, show: ({ sentCount }) => `${sentCount}×` },
    { name: "expiresAt", label: "Expires", sorts: true, show: ({ expiresAt }) => <Time at={expiresAt} /> },
    { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
  ],
  bulk: [
    {
      name: "resend",
      label: "Resend",
      action: "invitations.resend",
      run: (rest, id) => rest.send("POST", `/invitations/${id}/resend`),
      done: (count) => `${count === 1 ? "1 invitation" : `${count} invitations`} resent.`,
    },
    {
      name: "revoke",
      label: "Revoke",
      action: "invitations.revoke",
      danger: true,
      run: (rest, id) => rest.send("DELETE", `/invitations/${id}`),
      done: (count) => `${count === 1 ? "1 invitation" : `${count} invitations`} revoked.`,
    },
  ],
  empty: {
    title: "No invitations yet",
    says: "Invited people receive an email with a link to join.",
    action: <LinkButton to={`${PATH}/new`}>Invite members</LinkButton>,
  },
};

const MAX_EMAILS = 50;
const options = new Map([["role", ROLE_OPTIONS]]);

function NewPage({ frame, once, outcome }: { frame: Frame; once: string; outcome?: FormOutcome }) {
  return (
    <Page title="Invite members" frame={frame}>
      <Form
        action={`${PATH}/new`}
        token={frame.formToken}
        fields={FIELDS}
        typed={outcome?.typed ?? initialValues(FIELDS)}
        options={options}
        faults={outcome?.faults}
        message={outcome?.message}
        hidden={{ once }}
        submit="Send invitations"
        busy="Sending…"
        cancel={PATH}
      />
    </Page>
  );
}

export const invitations = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<Invitation>({
      title: "Invitations",
      intro: "Pending and past invitations.",
      action: "invitations.list",
      list,
      actions: (c) =>
        may(c, "invitations.create") && <LinkButton to={`${PATH}/new`}>Invite members</LinkButton>,
    }),
  )
  .get(`${PATH}/new`, requirePagePermission("invitations.create"), (c) =>
    c.html(<NewPage frame={buildFrame(c)} once={crypto.randomUUID()} />),
  )
  .post(`${PATH}/new`, requirePagePermission("invitations.create"), async (c) => {
    const typed = readTyped(FIELDS, c.get("posted"));
    const { emails, role } = invited.parse(readFields(FIELDS, typed).body);
    const once = c.get("form").once ?? "";
    const again = (outcome: FormOutcome) =>
      c.html(<NewPage frame={buildFrame(c)} once={once} outcome={outcome} />, 422);
    if (emails.length === 0 || emails.length > MAX_EMAILS) {
      const message = emails.length === 0 ? "is required" : `must be at most ${MAX_EMAILS}`;
      return again({ typed, faults: [{ path: "/emails", message }] });
    }
    const failed: { readonly email: string; readonly reason: string }[] = [];
    // One after the other: each is a change of its own, with its own email and audit entry.
    for (const email of emails) {
      const json = { email, role };
      const sent = await c
        .get("rest")
        .send("POST", "/invitations", { json, once: once && `${once}:${email}` });
      if (!sent.ok) failed.push({ email, reason: describe(toFormOutcome(sent.refusal, typed)) });
    }
    const sentCount = emails.length - failed.length;
    const says =
      sentCount === 1 && emails.length === 1
        ? `Invitation sent to ${emails[0]}.`
        : `${sentCount} invitations sent.`;
    if (failed.length > 0) {
      return again({
        typed: { ...typed, emails: [failed.map(({ email }) => email).join("\n")] },
        faults: failed.map(({ email, reason }) => ({ path: "/emails", message: `${email}: ${reason}` })),
        message: `${says} ${failed.length} failed.`,
      });
    }
    return redirectWithFlash(c, { ok: true, value: undefined }, { says, back: PATH });
  });

const invited = z.object({ emails: z.array(z.string()), role: z.string() });

const describe = ({ message, faults = [] }: FormOutcome): string =>
  message ?? faults.map((fault) => fault.message).join(", ");
