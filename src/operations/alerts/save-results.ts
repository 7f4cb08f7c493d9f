/** Writes down what an evaluation came to: states, events and tellings together, or none of them. */

import { type AlertSubject, formatAlertMessage } from "../../core/alerts/messages.ts";
import type { MetricName } from "../../core/alerts/metrics.ts";
import type { AlertTransition } from "../../core/alerts/state-machine.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Db } from "../../db/client.ts";
import type { listAlertRules } from "../../db/queries/logs/alerts.ts";
import {
  addDeliveries,
  ensureAlertStates,
  insertAlertEvents,
  markNotified,
  resolveAlertEvents,
  type StoredAlertState,
  saveAlertStates,
} from "../../db/queries/logs/alerts.ts";

/** An alert rule as the database has it, with its states. */
export type AlertRuleRow = Awaited<ReturnType<typeof listAlertRules>>[number];

export type EvaluatedRule = Omit<AlertRuleRow, "metric"> & { readonly metric: MetricName };

export interface AlertResult {
  readonly rule: EvaluatedRule;
  /** Of what the rule watches over: a server's id, or nothing in particular. */
  readonly key: string;
  readonly subject: AlertSubject | undefined;
  readonly value: number | undefined;
  readonly before: StoredAlertState | undefined;
  readonly step: AlertTransition;
  readonly eventId: string | null;
  readonly says: string;
}

/** Returns the deliveries that are to be made. */
export async function saveAlertResults(
  db: Db,
  results: readonly AlertResult[],
  { at, publicUrl }: { readonly at: Date; readonly publicUrl: string },
): Promise<string[]> {
  if (results.length === 0) return [];
  const known = results.flatMap(({ before }) => (before === undefined ? [] : [before]));
  const opened = results.filter(({ step }) => step.event === "open");
  const resolved = listEvents(results.filter(({ step }) => step.event === "resolve"));
  const deliveries = results.flatMap((outcome) => listDeliveries(outcome, at, publicUrl));
  const notified = listEvents(results.filter(({ step }) => step.notify !== undefined));
  await db.batch([
    ensureAlertStates(
      db,
      known.map(({ id, revision }) => ({ id, revision })),
    ),
    saveAlertStates(
      db,
      results.map((outcome) => toStateRow(outcome, at)),
    ),
    ...(opened.length === 0
      ? []
      : [
          insertAlertEvents(
            db,
            opened.map((outcome) => toEventRow(outcome, at)),
          ),
        ]),
    ...(resolved.length === 0 ? [] : [resolveAlertEvents(db, resolved, at)]),
    ...(notified.length === 0 ? [] : [markNotified(db, notified, at)]),
    ...(deliveries.length === 0 ? [] : [addDeliveries(db, deliveries)]),
  ]);
  return deliveries.map(({ id }) => id);
}

const listEvents = (outcomes: readonly AlertResult[]) => outcomes.flatMap(({ eventId }) => eventId ?? []);

const toStateRow = ({ rule, key, value, before, step, eventId }: AlertResult, at: Date) => ({
  id: before?.id ?? uuidv7(),
  tenantId: rule.tenantId,
  alertId: rule.id,
  subject: key,
  status: step.status,
  value: value ?? null,
  memory: step.state,
  eventId: step.event === "resolve" ? null : eventId,
  evaluatedAt: at,
});

const toEventRow = ({ rule, key, value, eventId, says, subject }: AlertResult, at: Date) => ({
  ...(eventId !== null && { id: eventId }),
  tenantId: rule.tenantId,
  alertId: rule.id,
  severity: rule.severity,
  dedupKey: key,
  value: value ?? null,
  message: says,
  details: subject === undefined ? null : { server: subject },
  openedAt: at,
});

function listDeliveries(
  { rule, subject, value, step, eventId, says }: AlertResult,
  at: Date,
  publicUrl: string,
) {
  const { notify } = step;
  if (notify === undefined) return [];
  const notified = { type: `alert.${notify}`, at, eventId, subject, value, says } as const;
  const message = formatAlertMessage(rule, notified, publicUrl);
  return rule.channels.map((channel) => ({
    id: uuidv7(),
    tenantId: rule.tenantId,
    alertId: rule.id,
    eventId,
    channel,
    message,
    nextAttemptAt: at,
  }));
}
