/** The pages of announcements: authoring, acknowledgments and the banner. */
import { Hono } from "hono";
import { z } from "zod";
import { ROLES, SEVERITIES } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { Badge, Empty, Stats, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SeverityBadge } from "../ui/states.tsx";

const announcement = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  title: z.string(),
  severity: z.enum(SEVERITIES),
  audience: z.array(z.string()),
  startsAt: z.string(),
  endsAt: z.string().nullable(),
  requiresAcknowledgement: z.boolean(),
  isActive: z.boolean(),
});

const written = crudPages({
  name: "announcements",
  path: "/admin/settings/announcements",
  title: "Announcements",
  noun: "announcement",
  intro: "Messages shown at the top of every page while active.",
  empty: "Announce changes to members.",
  list: {
    shape: announcement,
    usual: "-startsAt",
    search: "Title or text",
    filters: [
      { name: "severity", label: "Severity", kind: "choice", options: optionsFrom(SEVERITIES) },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "title", label: "Title", sorts: true, show: ({ title }) => title },
      { name: "severity", label: "Severity", show: ({ severity }) => <SeverityBadge of={severity} /> },
      {
        name: "audience",
        label: "Recipients",
        show: ({ audience }) => (audience.length === 0 ? "all roles" : audience.join(", ")),
      },
      { name: "startsAt", label: "Start", sorts: true, show: ({ startsAt }) => <Time at={startsAt} /> },
      { name: "endsAt", label: "End", show: ({ endsAt }) => <Time at={endsAt} none="No end date" /> },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive, tenantId }) => (
          <Badge tone={isActive ? "plain" : "off"}>
            {isActive ? (tenantId === null ? "system" : "active") : "off"}
          </Badge>
        ),
      },
    ],
  },
  fields: [
    { name: "title", label: "Title", kind: "text", maxlength: 200 },
    { name: "body", label: "Text", kind: "long" },
    {
      name: "severity",
      label: "Severity",
      kind: "choice",
      options: optionsFrom(SEVERITIES),
      initial: "info",
    },
    {
      name: "audience",
      label: "Recipients",
      kind: "choices",
      options: optionsFrom(ROLES),
      hint: "Default: all roles.",
    },
    {
      name: "startsAt",
      label: "Start",
      kind: "moment",
      optional: true,
      empty: "omit",
      hint: "Optional. Default: now.",
    },
    { name: "endsAt", label: "End", kind: "moment", optional: true, hint: "Optional. Default: no end date." },
    { name: "requiresAcknowledgement", label: "Require acknowledgment", kind: "yes" },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ title }) => title,
  isForeign: ({ tenantId }) => tenantId === null,
  about: ({ id }) => (
    <p>
      <a href={`/admin/settings/announcements/${id}/readers`}>Acknowledgments</a>
    </p>
  ),
});

const named = z.object({ id: z.string(), title: z.string() });
const reader = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  acknowledgedAt: z.string().nullable(),
});

const announcementShape = z.object({
  id: z.string(),
  title: z.string(),
  body: z.string(),
  severity: z.enum(SEVERITIES),
  startsAt: z.string(),
  requiresAcknowledgement: z.boolean(),
  acknowledgedAt: z.string().nullable(),
});

type Announcement = z.output<typeof announcementShape>;

function News({ item, token }: { item: Announcement; token: string }) {
  const { id, title, body, severity, startsAt, requiresAcknowledgement, acknowledgedAt } = item;
  return (
    <section class="card" aria-labelledby={`news-${id}`}>
      <div class="row">
        <h2 id={`news-${id}`}>{title}</h2>
        <span>
          <SeverityBadge of={severity} /> <Time at={startsAt} />
        </span>
      </div>
      <p class="lines">{body}</p>
      {acknowledgedAt !== null && (
        <p class="quiet-text">
          Acknowledged: <Time at={acknowledgedAt} />
        </p>
      )}
      {acknowledgedAt === null && requiresAcknowledgement && (
        <PostForm
          action="/admin/announcements/acknowledge"
          token={token}
          hidden={{ announcement: id }}
          class="start"
        >
          <Button>Acknowledge</Button>
        </PostForm>
      )}
    </section>
  );
}

export const announcements = new Hono<AdminEnv>()
  .route("/", written)
  .get(
    "/admin/settings/announcements/:id/readers",
    requirePagePermission("announcements.read"),
    async (c) => {
      const path = `/announcements/${encodeURIComponent(c.req.param("id"))}`;
      const rest = c.get("rest");
      const [{ value: about }, { value: readers }] = await Promise.all([
        rest.read(path, named),
        rest.read(`${path}/acknowledgements`, pageShape(reader)),
      ]);
      const done = readers.items.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
      return c.html(
        <Page
          title="Acknowledgments"
          intro={about.title}
          frame={buildFrame(c)}
          crumbs={[{ label: about.title, path: `/admin/settings/announcements/${about.id}` }]}
        >
          <Stats
            stats={[
              { label: "Recipients", value: String(readers.items.length), note: "members" },
              { label: "Acknowledged", value: String(done) },
            ]}
          />
          <div class="scroll">
            <table aria-label="Recipients">
              <TableHead columns={["Member", "Acknowledged"]} />
              <tbody>
                {readers.items.map(({ name, email, acknowledgedAt }) => (
                  <tr>
                    <td>
                      {name} <span class="quiet-text">{email}</span>
                    </td>
                    <td>
                      <Time at={acknowledgedAt} none="pending" />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Page>,
      );
    },
  )
  .get("/admin/announcements", requirePagePermission("announcements.seen"), async (c) => {
    const { value } = await c.get("rest").read("/me/announcements", pageShape(announcementShape));
    const frame = buildFrame(c);
    return c.html(
      <Page title="Announcements" intro="Announcements for you." frame={frame}>
        {value.items.length === 0 && (
          <div class="card">
            <Empty title="No announcements yet">
              <p>Announcements from admins appear here.</p>
            </Empty>
          </div>
        )}
        {value.items.map((item) => (
          <News item={item} token={frame.formToken} />
        ))}
      </Page>,
    );
  })
  // The layout requests this: nothing, or the unread announcements.
  .get("/admin/announcements/banner", requirePagePermission("announcements.seen"), async (c) => {
    const { value } = await c.get("rest").read("/me/announcements", pageShape(announcementShape));
    const open = value.items.filter(({ acknowledgedAt }) => acknowledgedAt === null);
    return c.html(
      <div class="announced">
        {open.map(({ title, severity }) => (
          <p class={severity === "info" || severity === "low" ? "notice plain" : "notice warn"} role="status">
            <a href="/admin/announcements">{title}</a>
          </p>
        ))}
      </div>,
    );
  })
  .post("/admin/announcements/acknowledge", requirePagePermission("announcements.acknowledge"), async (c) => {
    const id = encodeURIComponent(c.get("form").announcement ?? "");
    const sent = await c.get("rest").send("POST", `/me/announcements/${id}/acknowledge`);
    if (!sent.ok) throw sent.refusal;
    return c.redirect("/admin/announcements", 303);
  });
