/** Alerts that went off: what is firing now, in whose hands it is, and when it was over. */
import { Hono } from "hono";
import { z } from "zod";
import { describeChannel } from "../../core/alerts/channels.ts";
import { ALERT_STATUSES, SEVERITIES } from "../../core/enums.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { optionsFrom } from "../lists/spec.ts";
import { Badge, Details, Time, type Tone } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SeverityBadge } from "../ui/states.tsx";
import { channelShape } from "./channel-shape.ts";

const PATH = "/admin/alerts";

const event = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  alertId: z.string(),
  status: z.enum(ALERT_STATUSES),
  severity: z.enum(SEVERITIES),
  message: z.string(),
  openedAt: z.string(),
  acknowledgedAt: z.string().nullable(),
  resolvedAt: z.string().nullable(),
});
type Event = z.output<typeof event>;

const delivery = z.object({
  id: z.string(),
  channel: channelShape,
  message: z.object({ type: z.string() }),
  status: z.enum(["pending", "delivered", "failed"]),
  attempts: z.number(),
  lastError: z.string().nullable(),
  createdAt: z.string(),
});

const TONES: Record<Event["status"], Tone> = { open: "bad", acknowledged: "warn", resolved: "good" };
const WORDS: Record<Event["status"], string> = {
  open: "firing",
  acknowledged: "acknowledged",
  resolved: "resolved",
};
const State = ({ of }: { of: Event["status"] }) => <Badge tone={TONES[of]}>{WORDS[of]}</Badge>;

const DELIVERY: Record<"pending" | "delivered" | "failed", Tone> = {
  pending: "warn",
  delivered: "good",
  failed: "bad",
};

const become = (how: "acknowledge" | "resolve") => (rest: ApiClient, id: string) =>
  rest.send("POST", `/alert-events/${encodeURIComponent(id)}/${how}`);

const counted = (what: string) => (count: number) => `${count} ${what}.`;

export const alertEventPages = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<Event>({
      title: "Alerts",
      intro: "Fired alerts, newest first.",
      action: "alert-events.list",
      list: {
        path: PATH,
        api: "/alert-events",
        label: "Alerts",
        shape: event,
        usual: "-openedAt",
        search: "Message",
        filters: [
          {
            name: "status",
            label: "Status",
            kind: "choice",
            options: ALERT_STATUSES.map((value) => ({ value, label: WORDS[value] })),
          },
          { name: "severity", label: "Severity", kind: "choice", options: optionsFrom(SEVERITIES) },
          { name: "alertId", label: "Rule ID", kind: "text" },
        ],
        columns: [
          { name: "message", label: "Alert", show: ({ message }) => message },
          {
            name: "status",
            label: "Status",
            show: ({ status }) => <State of={status} />,
            plain: ({ status }) => WORDS[status],
          },
          {
            name: "severity",
            label: "Severity",
            sorts: true,
            show: ({ severity }) => <SeverityBadge of={severity} />,
          },
          {
            name: "openedAt",
            label: "Fired at",
            sorts: true,
            show: ({ openedAt }) => <Time at={openedAt} />,
          },
          {
            name: "resolvedAt",
            label: "Resolved at",
            sorts: true,
            show: ({ resolvedAt }) => <Time at={resolvedAt} none="not yet" />,
          },
        ],
        rowPath: ({ id }) => `${PATH}/${id}`,
        idOf: ({ id }) => id,
        bulk: [
          {
            name: "acknowledge",
            label: "Acknowledge",
            action: "alert-events.acknowledge",
            run: become("acknowledge"),
            done: counted("acknowledged"),
          },
          {
            name: "resolve",
            label: "Resolve",
            action: "alert-events.resolve",
            run: become("resolve"),
            done: counted("resolved"),
          },
        ],
        empty: {
          title: "No alerts yet",
          says: "Alert rules define what is monitored.",
        },
      },
    }),
  )
  .get(`${PATH}/:id{[0-9a-f-]{36}}`, requirePagePermission("alert-events.read"), async (c) => {
    const id = c.req.param("id");
    const rest = c.get("rest");
    const [{ value: one }, { value: notifications }] = await Promise.all([
      rest.read(`/alert-events/${id}`, event),
      rest.read("/alert-deliveries", pageShape(delivery), { eventId: id, sort: "createdAt" }),
    ]);
    const isMine = one.tenantId !== null && one.status !== "resolved";
    const button = (how: "acknowledge" | "resolve", label: string) => (
      <PostForm action={`${PATH}/${id}/${how}`} token={c.get("formToken")} class="inline">
        <Button kind="quiet">{label}</Button>
      </PostForm>
    );
    return c.html(
      <Page
        title="Alert"
        frame={buildFrame(c)}
        actions={
          <>
            {isMine &&
              one.status === "open" &&
              may(c, "alert-events.acknowledge") &&
              button("acknowledge", "Acknowledge")}
            {isMine && may(c, "alert-events.resolve") && button("resolve", "Resolve")}
            {one.tenantId !== null && may(c, "alerts.update") && (
              <PostForm
                action={`/admin/alerts/rules/${one.alertId}/silence`}
                token={c.get("formToken")}
                hidden={{ event: id }}
                class="inline"
              >
                <Button kind="quiet">Silence rule for 1 hour</Button>
              </PostForm>
            )}
          </>
        }
      >
        <section class="card" aria-label="Alert">
          <p>{one.message}</p>
          <Details
            of={[
              ["Status", <State of={one.status} />],
              ["Severity", <SeverityBadge of={one.severity} />],
              ["Fired at", <Time at={one.openedAt} />],
              ["Acknowledged at", <Time at={one.acknowledgedAt} none="Not acknowledged" />],
              ["Resolved at", <Time at={one.resolvedAt} none="not yet" />],
              ["Rule", <a href={`/admin/alerts/rules/${one.alertId}`}>View rule</a>],
            ]}
          />
        </section>
        <section class="card" aria-label="Notifications">
          <h2>Notifications</h2>
          {notifications.items.length === 0 && <p class="quiet-text">None (no channels, or silenced).</p>}
          <ul class="plain tight">
            {notifications.items.map(({ channel, message, status, attempts, lastError, createdAt }) => (
              <li class="row">
                <span>
                  {describeChannel(channel)} <code>{message.type}</code>
                </span>
                <span class="start">
                  {lastError}
                  <Badge tone={DELIVERY[status]}>
                    {attempts > 1 ? `${status} (${attempts} attempts)` : status}
                  </Badge>
                  <Time at={createdAt} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      </Page>,
    );
  });

for (const how of ["acknowledge", "resolve"] as const) {
  alertEventPages.post(
    `${PATH}/:id{[0-9a-f-]{36}}/${how}`,
    requirePagePermission(`alert-events.${how}`),
    async (c) => {
      const id = c.req.param("id") ?? "";
      const sent = await become(how)(c.get("rest"), id);
      if (!sent.ok) throw sent.refusal;
      await setFlash(c, { says: how === "acknowledge" ? "Alert acknowledged." : "Alert resolved." });
      return c.redirect(`${PATH}/${id}`, 303);
    },
  );
}
