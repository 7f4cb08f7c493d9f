/**
 * Decides which of the gateway's signing keys signs, and when keys are replaced. A new key is published for a day before it
 * signs, so that servers that cache the published keys for a while have it by then, and an old one for a day after.
 */
import { DAY_MS } from "../durations.ts";

const ROTATION_INTERVAL_MS = 30 * DAY_MS;
/** Longer than anything keeps the published keys. */
const OVERLAP_MS = DAY_MS;

interface DatedKey {
  readonly id: string;
  readonly createdAt: Date;
}

const byAge = <K extends DatedKey>(keys: readonly K[]): K[] =>
  keys.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1));

/** The newest that all servers can have; the first key of all signs at once. */
export function selectSigningKey<K extends DatedKey>(keys: readonly K[], now: number): K | undefined {
  const newestFirst = byAge(keys);
  return newestFirst.find(({ createdAt }) => createdAt.getTime() <= now - OVERLAP_MS) ?? newestFirst.at(-1);
}

export interface RotationPlan {
  /** The newest key has served its time. */
  readonly isDue: boolean;
  /** Keys whose successor has been signing for so long that no token of theirs is valid. */
  readonly retired: readonly string[];
}

/** Without any key nothing is due: the first is created by what needs it. */
export function planRotation(keys: readonly DatedKey[], now: number): RotationPlan {
  const newestFirst = byAge(keys);
  const [newest] = newestFirst;
  return {
    isDue: newest !== undefined && now - newest.createdAt.getTime() >= ROTATION_INTERVAL_MS,
    retired: newestFirst.flatMap(({ id }, position) => {
      const successor = newestFirst[position - 1];
      return successor !== undefined && now - successor.createdAt.getTime() >= 2 * OVERLAP_MS ? [id] : [];
    }),
  };
}
