/**
 * Looks at alert rules: measures, lets each one's state go on, and writes down in one batch what came of it, with the
 * tellings that are to go out. Cron does it every minute, and a server's change of health at once.
 */

import { type AlertRuleSummary, type AlertSubject, formatReading } from "../../core/alerts/messages.ts";
import { isMetric, METRICS } from "../../core/alerts/metrics.ts";
import { type AlertTransition, INITIAL_STATE, nextState } from "../../core/alerts/state-machine.ts";
import { toGatewayError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { compileWindow } from "../../core/maintenance/recurrence.ts";
import { activeWindow, type CompiledWindow } from "../../core/maintenance/windows.ts";
import { isStaleWrite, isUniqueViolation } from "../../db/errors.ts";
import { type AlertRulesQuery, listAlertRules, type StoredAlertState } from "../../db/queries/logs/alerts.ts";
import { listCurrentWindows } from "../../db/queries/tenants/snapshot.ts";
import { logFailure } from "../../logs/log-failure.ts";
import type { AlertDeps } from "./alert-deps.ts";
import { enqueueDeliveries } from "./deliver.ts";
import { measure, type RuleReadings } from "./measure.ts";
import type { AlertRuleRow, EvaluatedRule } from "./save-results.ts";
import { type AlertResult, saveAlertResults } from "./save-results.ts";

const RULES_PER_PAGE = 500;
/** Cron and several batches of health checks may come to the same rules. */
const ATTEMPTS = 5;

/** When the health of servers has changed. What goes wrong here must not keep health checks from going on: cron comes too. */
export async function evaluateHealthAlerts(
  deps: AlertDeps,
  changes: readonly { readonly tenantId: string }[],
): Promise<void> {
  const tenantIds = [...new Set(changes.map(({ tenantId }) => tenantId))];
  try {
    await evaluateAlerts(deps, { tenantIds, metrics: ["server_health", "unhealthy_servers"] });
  } catch (error) {
    logFailure(toGatewayError(error), { work: "evaluate alerts", serverId: "" });
  }
}

/** Returns how many rules were looked at. */
export async function evaluateAlerts(deps: AlertDeps, of?: AlertRulesQuery["of"]): Promise<number> {
  let looked = 0;
  for (let after: string | undefined; ; ) {
    const page = await evaluatePage(deps, { after, limit: RULES_PER_PAGE, of });
    looked += page.length;
    after = page.at(-1)?.id;
    if (page.length < RULES_PER_PAGE) return looked;
  }
}

async function evaluatePage(deps: AlertDeps, asked: AlertRulesQuery): Promise<readonly AlertRuleRow[]> {
  const db = deps.database.asSystem();
  for (let attempt = 1; ; attempt += 1) {
    const now = new Date(deps.now());
    const [rows, windows] = await db.batch([listAlertRules(db, asked), listCurrentWindows(db, now)]);
    const rules = rows.flatMap(toEvaluatedRule);
    if (rules.length === 0) return rows;
    const readings = await measure(deps.database, rules, deps.now);
    const at = deps.now();
    const compiled = windows.map(compileWindow);
    const outcomes = rules.flatMap((rule) => evaluateRule(rule, readings, compiled, at));
    try {
      const deliveries = await saveAlertResults(db, outcomes, {
        at: new Date(at),
        publicUrl: deps.publicUrl,
      });
      await enqueueDeliveries(deps, deliveries);
      return rows;
    } catch (error) {
      // Another run evaluated the same rules at the same time; its result is kept.
      const isOvertaken = isStaleWrite(error) || isUniqueViolation(error);
      if (!isOvertaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** A rule on a metric that this version does not support is not evaluated. */
function toEvaluatedRule(row: AlertRuleRow): EvaluatedRule[] {
  const { metric } = row;
  return isMetric(metric) ? [{ ...row, metric }] : [];
}

type TenantWindow = CompiledWindow & { readonly tenantId: string | null };

function evaluateRule(
  rule: EvaluatedRule,
  readings: RuleReadings,
  windows: readonly TenantWindow[],
  at: number,
): AlertResult[] {
  const known = new Map(rule.states.map((state) => [state.subject, state]));
  const mine = windows.filter(({ tenantId }) => tenantId === null || tenantId === rule.tenantId);
  const isSilenced = (serverId: string | null) =>
    (rule.silencedUntil !== null && rule.silencedUntil.getTime() > at) ||
    activeWindow(mine, serverId ?? "", new Date(at)).maintenance !== undefined;
  const one = (
    key: string,
    subject: AlertSubject | undefined,
    value: number | undefined,
    isThere: boolean,
  ) => {
    const before = known.get(key);
    // Another one's clock was ahead of ours.
    if (before !== undefined && Date.parse(before.evaluatedAt) > at) return [];
    const step = nextState(rule, before?.memory ?? INITIAL_STATE, {
      ...{ value, at, isSilenced: isSilenced(subject?.serverId ?? rule.serverId) },
      isOver: !rule.isActive || !isThere,
    });
    return hasStateToSave(before, step) ? [createResult(rule, key, subject, value, before, step)] : [];
  };
  if (METRICS[rule.metric].isPerServer !== true) {
    const subject =
      rule.serverId === null ? undefined : { serverId: rule.serverId, name: rule.serverName ?? "" };
    return one("", subject, readings.value(rule), true);
  }
  const measured = readings.ofServers(rule);
  const seen = new Set(measured.map(({ serverId }) => serverId));
  const forgotten = rule.states.filter(({ subject }) => !seen.has(subject));
  return [
    ...measured.flatMap(({ serverId, name, value }) => one(serverId, { serverId, name }, value, true)),
    // In maintenance it is not measured, and yet there.
    ...forgotten.flatMap(({ subject }) =>
      one(subject, { serverId: subject, name: "a server" }, undefined, isSilenced(subject)),
    ),
  ];
}

function hasStateToSave(before: StoredAlertState | undefined, { state, status }: AlertTransition): boolean {
  if (before === undefined) return status !== "quiet" || state.firedAt.length > 0;
  const { measuredAt: _, ...was } = before.memory;
  const { measuredAt, ...is } = state;
  return status !== before.status || status !== "quiet" || JSON.stringify(was) !== JSON.stringify(is);
}

function createResult(
  rule: EvaluatedRule & AlertRuleSummary,
  key: string,
  subject: AlertSubject | undefined,
  value: number | undefined,
  before: StoredAlertState | undefined,
  step: AlertTransition,
): AlertResult {
  const eventId = step.event === "open" ? uuidv7() : (before?.eventId ?? null);
  const says = formatReading(rule, subject, value);
  return { rule, key, subject, value, before, step, eventId, says };
}
