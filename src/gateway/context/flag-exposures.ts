/** The gateway's own features, on or off for the caller; where a flag decides it, the log learns on which side they are. */
import { KNOWN_FLAGS, type KnownFlag } from "../../core/flags/known-flags.ts";
import { uuidv7 } from "../../core/ids.ts";
import { EVENT_VERSION } from "../../logs/events.ts";
import { evaluateForPrincipal, flagSubject } from "../../policy/flags.ts";
import type { McpContext } from "./context.ts";

const HOUR_MS = 3_600_000;
const MAX_ENTRIES = 20_000;

/** Who has been told of: once an hour is enough, and isolates come and go. */
export class FlagExposures {
  readonly #reported = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  isNew(what: string): boolean {
    const now = this.#now();
    if (now - (this.#reported.get(what) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return false;
    if (this.#reported.size >= MAX_ENTRIES) this.#reported.clear();
    this.#reported.set(what, now);
    return true;
  }
}

export function isFlagEnabled(key: KnownFlag, context: McpContext): boolean {
  const flag = context.tenant.flags.get(key);
  if (flag === undefined) return KNOWN_FLAGS[key].isOn;
  const { principal, exposures } = context;
  const { isOn, reason } = evaluateForPrincipal(flag, principal);
  const { id: subjectId } = flagSubject(principal);
  if (exposures.isNew(`${principal.tenantId} ${key} ${subjectId} ${isOn}`)) {
    context.emit([
      {
        ...{ v: EVENT_VERSION, kind: "flag", id: uuidv7(), at: Date.now(), tenantId: principal.tenantId },
        ...{ flagKey: key, subjectId, isOn, reason },
      },
    ]);
  }
  return isOn;
}
