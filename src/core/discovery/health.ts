/**
 * How a server's status follows from its checks. One slow or failed answer changes nothing, a few in a row do, and
 * it takes as many good ones to come back, so that a server on the edge does not flap.
 */
import type { HealthStatus } from "../enums.ts";

export type CheckOutcome = "ok" | "slow" | "failed";

export interface HealthRules {
  /** In a row: so many failures make it unhealthy. */
  readonly failuresToUnhealthy: number;
  /** In a row: so many slow answers make it degraded. */
  readonly slowToDegraded: number;
  /** So many failures among the last checks make it degraded, in a row or not. */
  readonly failuresToDegraded: number;
  /** In a row: so many good answers make it healthy again. */
  readonly okToHealthy: number;
  /** In a row: so many answers of either speed end being unhealthy. */
  readonly answersToRecover: number;
}

export const HEALTH_RULES: HealthRules = {
  failuresToUnhealthy: 3,
  slowToDegraded: 3,
  failuresToDegraded: 3,
  okToHealthy: 3,
  answersToRecover: 2,
};

/** So many checks are looked back at. */
export const HEALTH_WINDOW = 10;

export interface Health {
  readonly status: HealthStatus;
  /** The last outcomes, newest last: o, s, f. Of those from before the status was reached, only the row that led to it. */
  readonly recent: string;
}

const OUTCOME_LETTERS: Record<CheckOutcome, string> = { ok: "o", slow: "s", failed: "f" };

export function nextHealth(health: Health, outcome: CheckOutcome, rules: HealthRules = HEALTH_RULES): Health {
  const recent = (health.recent + OUTCOME_LETTERS[outcome]).slice(-HEALTH_WINDOW);
  const status = next(health.status, recent, outcome, rules);
  // The run of results that led here may lead on; results before it no longer count.
  const row = recent.slice(recent.search(new RegExp(`${OUTCOME_LETTERS[outcome]}+$`)));
  return { status, recent: status === health.status ? recent : row };
}

function next(status: HealthStatus, recent: string, outcome: CheckOutcome, rules: HealthRules): HealthStatus {
  const inRow = (letters: string) => recent.length - recent.search(new RegExp(`[${letters}]*$`));
  switch (status) {
    // Nothing is known yet, or not since before the maintenance: the first result decides.
    case "unknown":
    case "maintenance":
      return outcome === "ok" ? "healthy" : outcome === "slow" ? "degraded" : "unhealthy";
    case "healthy":
      if (inRow("f") >= rules.failuresToUnhealthy) return "unhealthy";
      return inRow("s") >= rules.slowToDegraded || count(recent, "f") >= rules.failuresToDegraded
        ? "degraded"
        : "healthy";
    case "degraded":
      if (inRow("f") >= rules.failuresToUnhealthy) return "unhealthy";
      return inRow("o") >= rules.okToHealthy ? "healthy" : "degraded";
    case "unhealthy":
      if (inRow("os") < rules.answersToRecover) return "unhealthy";
      return inRow("o") >= rules.answersToRecover ? "healthy" : "degraded";
  }
}

const count = (text: string, letter: string) => text.split(letter).length - 1;

/** Parses a stored state, which may be from another version or edited in the database. */
export function readHealth(status: HealthStatus, recent: string | null): Health {
  return { status, recent: /^[osf]*$/.test(recent ?? "") ? (recent ?? "").slice(-HEALTH_WINDOW) : "" };
}
