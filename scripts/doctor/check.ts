// One line of the report of `npm run doctor`.

/** A warning is worth reading and no reason to stop; `skipped` could not be looked at from here. */
export type CheckState = "ok" | "warning" | "failed" | "skipped";

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly detail: string;
  /** The command or the change that mends it. */
  readonly fix?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, state: "ok", detail });

export const skipped = (name: string, detail: string, fix: string): Check => ({
  name,
  state: "skipped",
  detail,
  fix,
});

/** What was found wrong; no entry means that the check is passed. */
export function judge(
  name: string,
  problems: readonly string[],
  { passed, fix, state = "failed" }: { passed: string; fix: string; state?: "failed" | "warning" },
): Check {
  if (problems.length === 0) return ok(name, passed);
  return { name, state, detail: problems.join("; "), fix };
}

export function judgeClock(name: string, differenceMs: number, maxDifferenceMs: number): Check {
  const isFar = Math.abs(differenceMs) > maxDifferenceMs;
  return judge(name, isFar ? [`${Math.round(differenceMs / 1000)} s ahead of this machine's`] : [], {
    passed: "agrees with this machine's",
    fix: "correct this machine's clock (timedatectl set-ntp true)",
  });
}

const MARKS: Readonly<Record<CheckState, string>> = {
  ok: "ok     ",
  warning: "warning",
  failed: "FAILED ",
  skipped: "skipped",
};

export function formatCheck({ name, state, detail, fix }: Check): string {
  const line = `${MARKS[state]}  ${name}: ${detail}`;
  return fix === undefined || state === "ok" ? line : `${line}\n         → ${fix}`;
}

export function summarize(checks: readonly Check[]): string {
  const count = (wanted: CheckState) => checks.filter(({ state }) => state === wanted).length;
  return `${count("ok")} ok, ${count("warning")} warnings, ${count("failed")} failed, ${count("skipped")} skipped`;
}
