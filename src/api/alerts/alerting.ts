/** Routes on alerts besides their rules: current states, deliveries, test notifications and webhook secrets. */
import { Hono } from "hono";
import { z } from "zod";
import { ALERT_CHANNELS, describeChannel } from "../../core/alerts/channels.ts";
import { formatAlertMessage } from "../../core/alerts/messages.ts";
import { SEVERITIES } from "../../core/enums.ts";
import { uuidv7 } from "../../core/ids.ts";
import { mapConcurrent } from "../../core/map-concurrent.ts";
import { findMemberByEmail } from "../../db/queries/identity/users.ts";
import type { RowOwner } from "../../db/queries/shared/crud.ts";
import { alertDeliveries, alertStates } from "../../db/schema/alerts.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { sendNotification } from "../../operations/alerts/notify.ts";
import { renewSecret } from "../../operations/alerts/signing-secret.ts";
import { commitWithAudit, writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { responds } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import { defineReadOnlyResource } from "../resource/define.ts";
import { reading, requireRow } from "../resource/reading.ts";
import { type ApiContext, type ResourceScope, systemScope, tenantScope } from "../resource/scope.ts";
import { alerts, channels } from "../resources/alerts.ts";

const states = defineReadOnlyResource({
  noun: "alert state",
  table: alertStates,
  hidden: ["memory", "revision"],
  sorts: ["evaluatedAt", "status", "createdAt"],
  usual: "-evaluatedAt",
  filters: ["alertId", "status", "subject"],
});

const deliveries = defineReadOnlyResource({
  noun: "alert delivery",
  table: alertDeliveries,
  sorts: ["createdAt", "status", "nextAttemptAt"],
  usual: "-createdAt",
  filters: ["alertId", "eventId", "status"],
});

export const alertStateList = reading(states, { list: "alert-states.list", read: "alert-states.list" });
export const alertDeliveryList = reading(deliveries, {
  list: "alert-deliveries.list",
  read: "alert-deliveries.list",
});

const trial = z
  .object({
    channels: z.array(
      z.object({ type: z.enum(ALERT_CHANNELS), to: z.string(), ok: z.boolean(), message: z.string() }),
    ),
  })
  .meta({ id: "AlertTrial" });

const newSecret = z
  .object({ secret: z.string(), previousUntil: z.iso.datetime() })
  .meta({ id: "AlertSigningSecret" });

const rule = z.object({
  id: z.string(),
  name: z.string(),
  metric: z.string(),
  severity: z.enum(SEVERITIES),
  threshold: z.number(),
  channels,
});

const CHANNELS_AT_ONCE = 4;
const NO_MEMBER =
  "Test notifications are sent only to members with a confirmed email address. Fired alerts are sent to this address.";

/** A test is sent at once; it must not send email to addresses outside the tenant. */
async function isMember(c: ApiContext, owner: RowOwner, email: string): Promise<boolean> {
  const [member] = await findMemberByEmail(c.var.services.database.asSystem(), owner, email);
  return member !== undefined;
}

async function tryOut(c: ApiContext, reach: ResourceScope, id: string): Promise<z.output<typeof trial>> {
  const row = rule.parse(await requireRow(c, alerts, reach, id));
  const { alerts: parts } = c.var.services;
  const at = new Date(parts.now());
  const says = `${row.name}: test notification.`;
  const test = { type: "alert.test", at, eventId: null, subject: undefined, value: undefined, says } as const;
  const message = formatAlertMessage(row, test, parts.publicUrl);
  const owner = reach.owner(c);
  const tried = await mapConcurrent(row.channels, CHANNELS_AT_ONCE, async (channel) => {
    if (channel.type === "email" && !(await isMember(c, owner, channel.to))) {
      return { type: channel.type, to: channel.to, ok: false, message: NO_MEMBER };
    }
    const { ok, says: outcome } = await sendNotification(parts, { id: uuidv7(), owner, channel, message });
    return { type: channel.type, to: describeChannel(channel), ok, message: outcome };
  });
  await writeAuditEntry(c, {
    action: "alerts.test",
    resource: { type: "alert", id },
    details: { channels: tried.length },
  });
  return { channels: tried };
}

const more = (
  reach: ResourceScope,
  test: "alerts.test" | "system.write",
  sign: "alerts.sign" | "system.write",
) =>
  new Hono<AppEnv>()
    .post(
      "/signing-secret",
      requirePermission(sign),
      responds(newSecret, "Returned only in this response."),
      async (c) => {
        const { keyring } = c.var.services;
        const [db, owner] = [reach.db(c), reach.owner(c)];
        const { secret, until, statement } = await renewSecret(db, keyring, owner, new Date());
        const what = {
          action: "alerts.sign",
          resource: { type: "alert_signing_secret", id: owner ?? "system" },
        };
        await commitWithAudit(c, what, (audit) => db.batch([statement, audit]));
        return c.json({ secret, previousUntil: until.toISOString() });
      },
    )
    .post(
      "/:id/test",
      requirePermission(test),
      params(idParam),
      responds(trial, "Delivery result per channel."),
      async (c) => c.json(await tryOut(c, reach, c.req.valid("param").id)),
    );

export const alerting = more(tenantScope, "alerts.test", "alerts.sign");
export const systemAlerting = more(systemScope, "system.write", "system.write");
