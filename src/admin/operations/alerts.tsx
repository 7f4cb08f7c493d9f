/** The pages of alert rules, with test notifications and silencing. */
import { Hono } from "hono";
import { z } from "zod";
import { describeChannel } from "../../core/alerts/channels.ts";
import { formatValue, METRIC_NAMES } from "../../core/alerts/metrics.ts";
import { SEVERITIES } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { Button, LinkButton, Notice, PostForm } from "../forms/controls.tsx";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { Badge, CopyButton, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SeverityBadge } from "../ui/states.tsx";
import { fromForm, OWN_METRICS, RULE_FIELDS, toForm } from "./alert-form.ts";
import { alertPreview, PREVIEW_PATH } from "./alert-preview.tsx";
import { channelShape } from "./channel-shape.ts";

const PATH = "/admin/alerts/rules";
const rule = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  name: z.string(),
  metric: z.enum(METRIC_NAMES),
  comparison: z.enum(["gt", "gte", "lt", "lte"]),
  threshold: z.number(),
  severity: z.enum(SEVERITIES),
  channels: z.array(channelShape),
  isActive: z.boolean(),
  silencedUntil: z.string().nullable(),
});

const SIGNS = { gt: ">", gte: "≥", lt: "<", lte: "≤" } as const;

const isSilenced = (until: string | null) => until !== null && Date.parse(until) > Date.now();

const rules = crudPages({
  name: "alerts",
  path: "/admin/alerts/rules",
  title: "Alert rules",
  noun: "alert rule",
  intro: "Conditions evaluated every minute, and where notifications are sent.",
  empty: "Get notified about errors, latency or unhealthy servers.",
  beside: () => (
    <LinkButton to={`${PATH}/signing`} kind="quiet">
      Signing secret
    </LinkButton>
  ),
  list: {
    shape: rule,
    usual: "name",
    search: "Name or description",
    filters: [
      { name: "metric", label: "Metric", kind: "choice", options: optionsFrom(OWN_METRICS) },
      { name: "severity", label: "Severity", kind: "choice", options: optionsFrom(SEVERITIES) },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
      {
        name: "metric",
        label: "Threshold",
        sorts: true,
        show: ({ metric, comparison, threshold }) => (
          <code>
            {metric} {SIGNS[comparison]} {formatValue(metric, threshold)}
          </code>
        ),
      },
      {
        name: "severity",
        label: "Severity",
        sorts: true,
        show: ({ severity }) => <SeverityBadge of={severity} />,
      },
      {
        name: "channels",
        label: "Channels",
        show: ({ channels }) => (channels.length === 0 ? "none" : channels.map(describeChannel).join(", ")),
        plain: ({ channels }) => channels.map(describeChannel).join(", "),
      },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive, silencedUntil }) =>
          isSilenced(silencedUntil) ? (
            <Badge tone="off">silenced</Badge>
          ) : (
            <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
          ),
      },
    ],
  },
  fields: RULE_FIELDS,
  preview: PREVIEW_PATH,
  nameOf: ({ name }) => name,
  toForm,
  fromForm,
  isForeign: ({ tenantId }) => tenantId === null,
  does: [
    { action: "alerts.test", at: "test", label: "Send test notification", busy: "Sending…" },
    { action: "alerts.update", at: "silence", label: "Silence for 1 hour" },
  ],
  about: ({ silencedUntil, id }) => (
    <>
      {isSilenced(silencedUntil) && (
        <Notice>
          Silenced until <Time at={silencedUntil} />.
        </Notice>
      )}
      <p>
        <a href={`/admin/alerts?alertId=${id}`}>History</a>
      </p>
    </>
  ),
});

const HOUR_MS = 3_600_000;

const trial = z.object({
  channels: z.array(z.object({ to: z.string(), ok: z.boolean(), message: z.string() })),
});

const doings = new Hono<AdminEnv>()
  .post(`${PATH}/:id{[0-9a-f-]{36}}/test`, requirePagePermission("alerts.test"), async (c) => {
    const id = c.req.param("id");
    const sent = await c.get("rest").send("POST", `/alerts/${id}/test`);
    if (!sent.ok) throw sent.refusal;
    const { channels } = trial.parse(sent.value);
    const results = channels.map(({ to, message }) => `${to}: ${message}`);
    await setFlash(c, { says: results.length === 0 ? "No channels configured." : results.join(" ") });
    return c.redirect(`${PATH}/${id}`, 303);
  })
  .post(`${PATH}/:id{[0-9a-f-]{36}}/silence`, requirePagePermission("alerts.update"), async (c) => {
    const id = c.req.param("id");
    const json = { silencedUntil: new Date(Date.now() + HOUR_MS).toISOString() };
    const sent = await c.get("rest").send("PATCH", `/alerts/${id}`, { json, ifMatch: "*" });
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: "Silenced for 1 hour." });
    const { event } = c.get("form");
    return c.redirect(
      event === undefined ? `${PATH}/${id}` : `/admin/alerts/${encodeURIComponent(event)}`,
      303,
    );
  });

const newSecret = z.object({ secret: z.string(), previousUntil: z.string() });

const signing = new Hono<AdminEnv>()
  .get(`${PATH}/signing`, requirePagePermission("alerts.list"), (c) =>
    c.html(
      <Page
        title="Signing secret"
        frame={buildFrame(c)}
        intro="Webhooks are signed according to Standard Webhooks."
      >
        <section class="card" aria-label="Rotate secret">
          <p>The new secret is shown once. The previous secret stays valid for 24 hours.</p>
          {may(c, "alerts.sign") && (
            <PostForm action={`${PATH}/signing`} token={c.get("formToken")}>
              <Button>Rotate secret</Button>
            </PostForm>
          )}
        </section>
      </Page>,
    ),
  )
  .post(`${PATH}/signing`, requirePagePermission("alerts.sign"), async (c) => {
    const sent = await c.get("rest").send("POST", "/alerts/signing-secret");
    if (!sent.ok) throw sent.refusal;
    const { secret, previousUntil } = newSecret.parse(sent.value);
    return c.html(
      <Page title="Signing secret" frame={buildFrame(c)}>
        <section class="card" aria-label="Rotate secret">
          <p>Copy the secret now. It is not shown again.</p>
          <div class="start">
            <code id="secret">{secret}</code>
            <CopyButton from="secret" />
          </div>
          <p class="quiet-text">
            The previous secret is valid until <Time at={previousUntil} />.
          </p>
        </section>
      </Page>,
    );
  });

export const alertRules = new Hono<AdminEnv>()
  .route("/", signing)
  .route("/", doings)
  .route("/", alertPreview)
  .route("/", rules);
