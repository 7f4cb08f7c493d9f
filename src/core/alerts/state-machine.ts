/**
 * The state machine of an alert. A reading moves it from quiet to pending, to firing once the rule has been violated
 * for long enough, back to quiet once the recovery threshold is reached (hysteresis), and to flapping while it
 * alternates. The notified phase is tracked separately: nothing is sent while the alert is silenced, and no phase is
 * sent twice.
 */

export const COMPARISONS = {
  gt: (value: number, than: number) => value > than,
  gte: (value: number, than: number) => value >= than,
  lt: (value: number, than: number) => value < than,
  lte: (value: number, than: number) => value <= than,
} as const;

export interface AlertRule {
  readonly comparison: keyof typeof COMPARISONS;
  readonly threshold: number;
  /** A firing alert ends only on the far side of this. Null: of the threshold. */
  readonly resolveThreshold: number | null;
  readonly windowSeconds: number;
  readonly forSeconds: number;
}

export interface MetricReading {
  /** Undefined where there was nothing to measure. */
  readonly value: number | undefined;
  /** Milliseconds since 1970, never earlier than the reading before. */
  readonly at: number;
  /** True during a maintenance window or while an admin has silenced the rule. */
  readonly isSilenced: boolean;
  /** The rule, or what it watched over, is no longer there. */
  readonly isOver?: boolean;
}

export interface AlertState {
  readonly phase: "quiet" | "pending" | "firing";
  /** When the phase began. */
  readonly since: number;
  /** When something was last measured. */
  readonly measuredAt: number;
  /** When it began to fire, each time within the last hour. */
  readonly firedAt: readonly number[];
  readonly isFlapping: boolean;
  readonly notified: NotifiedPhase;
}

/** The phases that cause notifications; pending does not. */
type NotifiedPhase = "quiet" | "firing" | "flapping";

export type AlertStatus = "quiet" | "pending" | "firing" | "flapping" | "silenced";

export interface AlertTransition {
  readonly state: AlertState;
  readonly status: AlertStatus;
  /** What becomes of the event that people see in the list. */
  readonly event: "open" | "resolve" | undefined;
  readonly notify: "firing" | "flapping" | "resolved" | undefined;
}

export const INITIAL_STATE: AlertState = {
  phase: "quiet",
  since: 0,
  measuredAt: 0,
  firedAt: [],
  isFlapping: false,
  notified: "quiet",
};

const FLAPPING_WINDOW_MS = 3_600_000;
/** So many times within the window: then it flaps until it has fired no more than once in as long. */
const FLAPPING_FROM = 4;
const FLAPPING_UNTIL = 1;

export function nextState(rule: AlertRule, before: AlertState, reading: MetricReading): AlertTransition {
  const { at, isSilenced, isOver = false } = reading;
  const phase = isOver ? "quiet" : phaseAfter(rule, before, reading);
  const recent = before.firedAt.filter((moment) => at - moment < FLAPPING_WINDOW_MS);
  const firedAt = phase === "firing" && before.phase !== "firing" ? [...recent, at] : recent;
  const most = before.isFlapping ? FLAPPING_UNTIL : FLAPPING_FROM - 1;
  const isFlapping = !isOver && firedAt.length > most;
  const standing: NotifiedPhase = isFlapping ? "flapping" : phase === "firing" ? "firing" : "quiet";
  const notified = isSilenced ? before.notified : standing;
  const state: AlertState = {
    phase,
    since: phase === before.phase ? before.since : at,
    measuredAt: reading.value === undefined ? before.measuredAt : at,
    firedAt,
    isFlapping,
    notified,
  };
  return {
    state,
    status: alertStatus(state, isSilenced),
    event: isOpen(state) === isOpen(before) ? undefined : isOpen(state) ? "open" : "resolve",
    notify: notified === before.notified ? undefined : notified === "quiet" ? "resolved" : notified,
  };
}

const isOpen = ({ phase, isFlapping }: AlertState) => phase === "firing" || isFlapping;

function phaseAfter(
  rule: AlertRule,
  { phase, since, measuredAt }: AlertState,
  { value, at, isSilenced }: MetricReading,
): AlertState["phase"] {
  if (value === undefined) {
    // A silenced alert is not measured. Otherwise a missing reading for a whole window ends the alert.
    if (isSilenced) return phase;
    return phase === "firing" && at - measuredAt <= rule.windowSeconds * 1000 ? phase : "quiet";
  }
  const isBroken = COMPARISONS[rule.comparison];
  if (phase === "firing") {
    const stillBroken = isBroken(value, rule.resolveThreshold ?? rule.threshold);
    return stillBroken || isBroken(value, rule.threshold) ? "firing" : "quiet";
  }
  if (!isBroken(value, rule.threshold)) return "quiet";
  const began = phase === "pending" ? since : at;
  return at - began >= rule.forSeconds * 1000 ? "firing" : "pending";
}

function alertStatus({ phase, isFlapping }: AlertState, isSilenced: boolean): AlertStatus {
  const status = isFlapping ? "flapping" : phase;
  return isSilenced && status !== "quiet" ? "silenced" : status;
}
