/**
 * Finds inconsistencies in a chain of audit entries. The hash of an entry covers its members, its position and the
 * previous hash, so changed, deleted and inserted entries are detectable. Entries that retention deleted are declared
 * by entries of the chain itself.
 */

export const PRUNED = "audit-logs.prune";

/** Both ends are included. */
export type ChainPositions = readonly [from: number, to: number];

/** An entry that does not follow from the one before it, or not from its own members. */
export interface MismatchedEntry {
  readonly id: string;
  readonly sequence: number;
  readonly at: string;
  readonly action: string;
  readonly previousHash: string;
  /** Null where the entry before it was looked at with another page. */
  readonly hashBefore: string | null;
  readonly sequenceBefore: number;
  /** Its hash covers its content. */
  readonly isSound: boolean;
}

export interface ChainEnd {
  readonly sequence: number;
  readonly hash: string;
}

export interface ChainPage {
  readonly odd: readonly MismatchedEntry[];
  /** The last entry looked at; undefined where there was none. */
  readonly last: ChainEnd | undefined;
  /** Set on the last page: where the chain ends by its own account. */
  readonly end: ChainEnd | undefined;
  /** What retention has taken away. */
  readonly pruned: readonly ChainPositions[];
}

export type AuditFault =
  | {
      readonly kind: "changed" | "unlinked" | "added";
      readonly sequence: number;
      readonly id: string;
      readonly at: string;
      readonly action: string;
    }
  | { readonly kind: "missing"; readonly from: number; readonly to: number }
  | { readonly kind: "end" };

export function findAuditFaults({ odd, last, end, pruned }: ChainPage): AuditFault[] {
  const faults = odd.flatMap((entry) => findEntryFaults(entry, pruned));
  if (end === undefined) return faults;
  const reached = last?.sequence ?? 0;
  if (reached < end.sequence) return [...faults, ...missing([reached + 1, end.sequence], pruned)];
  if (reached > end.sequence || (last !== undefined && last.hash !== end.hash)) faults.push({ kind: "end" });
  return faults;
}

function findEntryFaults(entry: MismatchedEntry, pruned: readonly ChainPositions[]): AuditFault[] {
  const { id, sequence, sequenceBefore, at, action } = entry;
  const fault = (kind: "changed" | "unlinked" | "added"): AuditFault => ({ kind, sequence, id, at, action });
  const faults = missing([sequenceBefore + 1, sequence - 1], pruned);
  if (sequence <= sequenceBefore) faults.push(fault("added"));
  const follows = sequence === sequenceBefore + 1;
  if (follows && entry.hashBefore !== null && entry.hashBefore !== entry.previousHash)
    faults.push(fault("unlinked"));
  if (!entry.isSound) faults.push(fault("changed"));
  return faults;
}

function missing([from, to]: ChainPositions, pruned: readonly ChainPositions[]): AuditFault[] {
  return excludePruned([from, to], pruned).map(([first, last]) => ({
    kind: "missing",
    from: first,
    to: last,
  }));
}

/** What is left of some places when others are taken away. */
export function excludePruned(whole: ChainPositions, taken: readonly ChainPositions[]): ChainPositions[] {
  let left: ChainPositions[] = whole[0] > whole[1] ? [] : [whole];
  for (const [from, to] of taken) {
    left = left.flatMap(([first, last]): ChainPositions[] => {
      if (to < first || from > last || from > to) return [[first, last]];
      return [
        ...(first < from ? [[first, from - 1] satisfies ChainPositions] : []),
        ...(to < last ? [[to + 1, last] satisfies ChainPositions] : []),
      ];
    });
  }
  return left;
}

/** In a sentence, for people. */
export function describeAuditFault(fault: AuditFault): string {
  switch (fault.kind) {
    case "changed":
      return `Entry ${fault.sequence} (${fault.action}, ${fault.at}) was modified.`;
    case "unlinked":
      return `Entry ${fault.sequence} (${fault.action}, ${fault.at}) does not match the hash of the previous entry.`;
    case "added":
      return `Entry ${fault.sequence} (${fault.action}, ${fault.at}) has a duplicate sequence number.`;
    case "missing":
      return fault.from === fault.to
        ? `Entry ${fault.from} is missing.`
        : `Entries ${fault.from} to ${fault.to} are missing.`;
    case "end":
      return "The end of the chain was modified or truncated.";
  }
}
