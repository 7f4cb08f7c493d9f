/** Maintenance windows: what admins set, and the calendar of what it comes to. */
import { Hono } from "hono";
import { z } from "zod";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { YES_NO } from "../lists/spec.ts";
import { serverOptions } from "../lookups/choices.ts";
import { Badge, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { MonthTable, parseMonth } from "./calendar.tsx";

const window = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  serverId: z.string().nullable(),
  title: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  recurrence: z.string().nullable(),
  timeZone: z.string(),
  isActive: z.boolean(),
});

const windows = crudPages({
  name: "maintenance-windows",
  path: "/admin/servers/maintenance/windows",
  title: "Maintenance windows",
  noun: "maintenance window",
  intro: "During a window, servers receive no calls or health checks and raise no alerts.",
  empty: "Schedule downtime. Callers receive Retry-After.",
  list: {
    shape: window,
    usual: "-startsAt",
    search: "Title or description",
    filters: [
      { name: "serverId", label: "Server", kind: "choice", options: serverOptions },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "title", label: "Title", sorts: true, show: ({ title }) => title },
      { name: "startsAt", label: "Start", sorts: true, show: ({ startsAt }) => <Time at={startsAt} /> },
      { name: "endsAt", label: "End", show: ({ endsAt }) => <Time at={endsAt} /> },
      {
        name: "recurrence",
        label: "Recurrence",
        show: ({ recurrence, timeZone }) =>
          recurrence === null ? "" : <code>{`${recurrence} ${timeZone}`}</code>,
      },
      {
        name: "tenantId",
        label: "Scope",
        show: ({ tenantId, serverId }) =>
          tenantId === null ? "System" : serverId === null ? "All servers" : "One server",
      },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
    ],
  },
  fields: [
    { name: "title", label: "Title", kind: "text", hint: "Shown to callers.", maxlength: 200 },
    { name: "description", label: "Description", kind: "long", optional: true },
    {
      name: "serverId",
      label: "Server",
      kind: "choice",
      options: serverOptions,
      optional: true,
      hint: "Default: all servers.",
    },
    { name: "startsAt", label: "Start", kind: "moment" },
    { name: "endsAt", label: "End", kind: "moment" },
    {
      name: "recurrence",
      label: "Recurrence",
      kind: "text",
      optional: true,
      placeholder: "0 3 * * 0",
      hint: "Five-field cron expression. Each occurrence has the same duration. Optional. Default: once.",
    },
    {
      name: "timeZone",
      label: "Time zone of the recurrence",
      kind: "text",
      initial: "UTC",
      hint: "For example, Europe/Vienna.",
    },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ title }) => title,
  isForeign: ({ tenantId }) => tenantId === null,
});

const occurrence = z.object({
  windowId: z.string(),
  title: z.string(),
  serverName: z.string().nullable(),
  isShared: z.boolean(),
  startsAt: z.string(),
  endsAt: z.string(),
});

const PATH = "/admin/servers/maintenance";

const calendar = new Hono<AdminEnv>().get(
  PATH,
  requirePagePermission("maintenance-windows.list"),
  async (c) => {
    const month = parseMonth(c.req.query("month"), new Date());
    const { value } = await c
      .get("rest")
      .read("/maintenance-calendar", pageShape(occurrence), { from: month.from, to: month.to });
    const entries = value.items.map(({ windowId, title, serverName, isShared, ...times }) => ({
      ...times,
      path: `/admin/servers/maintenance/windows/${windowId}`,
      title,
      note: isShared ? "System" : (serverName ?? "All servers"),
    }));
    const now = entries.filter(({ startsAt, endsAt }) => isNow(startsAt, endsAt));
    return c.html(
      <Page
        title="Maintenance"
        intro="Scheduled maintenance (UTC)."
        frame={buildFrame(c)}
        actions={
          <>
            <LinkButton to="/admin/servers/maintenance/windows" kind="quiet">
              View windows
            </LinkButton>
            {may(c, "maintenance-windows.create") && (
              <LinkButton to="/admin/servers/maintenance/windows/new">Create maintenance window</LinkButton>
            )}
          </>
        }
      >
        {now.map(({ title, note, endsAt }) => (
          <p class="notice warn">
            <strong>{title}</strong> In progress: {note}, until <Time at={endsAt} />.
          </p>
        ))}
        <div class="row">
          <a href={`${PATH}?month=${month.before.key}`}>← {month.before.name}</a>
          <h2>{month.name}</h2>
          <a href={`${PATH}?month=${month.after.key}`}>{month.after.name} →</a>
        </div>
        <MonthTable month={month} entries={entries} />
        {entries.length === 0 && <p class="quiet-text">No maintenance scheduled in {month.name}.</p>}
        {entries.length > 0 && (
          <section class="card" aria-labelledby="in-order">
            <h2 id="in-order">Occurrences</h2>
            <ul class="plain tight">
              {entries.map(({ path, title, note, startsAt, endsAt }) => (
                <li class="row">
                  <span>
                    <a href={path}>{title}</a> <span class="quiet-text">{note}</span>
                  </span>
                  <span>
                    <Time at={startsAt} /> to <Time at={endsAt} />
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
      </Page>,
    );
  },
);

function isNow(startsAt: string, endsAt: string): boolean {
  const now = Date.now();
  return Date.parse(startsAt) <= now && now < Date.parse(endsAt);
}

export const maintenance = new Hono<AdminEnv>().route("/", calendar).route("/", windows);
