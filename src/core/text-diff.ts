/** What differs between two texts, line by line: the longest common part stays, the rest goes and comes. */

export interface DiffLine {
  readonly kind: "same" | "gone" | "new";
  readonly text: string;
}

/** Longer texts are shown as gone and new: the table below grows with the product. */
const MAX_LINES = 1000;

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const gone = (text: string): DiffLine => ({ kind: "gone", text });
  const fresh = (text: string): DiffLine => ({ kind: "new", text });
  if (old.length > MAX_LINES || now.length > MAX_LINES) return [...old.map(gone), ...now.map(fresh)];
  const common = commonLengths(old, now);
  const lengthAt = (left: number, right: number) => common[left]?.[right] ?? 0;
  const lines: DiffLine[] = [];
  let [left, right] = [0, 0];
  while (left < old.length || right < now.length) {
    const [was, is] = [old[left], now[right]];
    if (was !== undefined && was === is) {
      lines.push({ kind: "same", text: was });
      left += 1;
      right += 1;
    } else if (
      is === undefined ||
      (was !== undefined && lengthAt(left + 1, right) >= lengthAt(left, right + 1))
    ) {
      lines.push(gone(was ?? ""));
      left += 1;
    } else {
      lines.push(fresh(is));
      right += 1;
    }
  }
  return lines;
}

/** At [i][j]: how much the rests from there on have in common. */
function commonLengths(old: readonly string[], now: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let left = old.length - 1; left >= 0; left -= 1) {
    const [row, next] = [table[left] ?? [], table[left + 1] ?? []];
    for (let right = now.length - 1; right >= 0; right -= 1) {
      row[right] =
        old[left] === now[right]
          ? (next[right + 1] ?? 0) + 1
          : Math.max(next[right] ?? 0, row[right + 1] ?? 0);
    }
  }
  return table;
}
