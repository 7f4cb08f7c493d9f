/**
 * What must be made, changed and removed so that what there is becomes what is wanted. Things are the same by their
 * identity; of several with one identity the equal ones are paired first, so that nothing is touched without need.
 */
import { canonicalJson } from "../registry/definition-hash.ts";

export type Content = Readonly<Record<string, unknown>>;

export interface Wanted {
  readonly identity: string;
  readonly content: Content;
}

export interface Existing extends Wanted {
  readonly id: string;
}

export interface Pairing<W extends Wanted, E extends Existing> {
  readonly made: readonly W[];
  readonly removed: readonly E[];
  /** The same thing, changed or not. */
  readonly kept: readonly { readonly wanted: W; readonly existing: E; readonly isEqual: boolean }[];
}

export function pair<W extends Wanted, E extends Existing>(
  wanted: readonly W[],
  existing: readonly E[],
): Pairing<W, E> {
  const left = new Map(
    [...Map.groupBy(existing, ({ identity }) => identity)].map(([key, items]) => [key, [...items]]),
  );
  const take = (identity: string, content?: string): E | undefined => {
    const items = left.get(identity) ?? [];
    const at = content === undefined ? 0 : items.findIndex((item) => canonicalJson(item.content) === content);
    return at === -1 ? undefined : items.splice(at, 1)[0];
  };
  const equal = new Map<W, E>();
  for (const item of wanted) {
    const same = take(item.identity, canonicalJson(item.content));
    if (same !== undefined) equal.set(item, same);
  }
  const kept: { wanted: W; existing: E; isEqual: boolean }[] = [];
  const made: W[] = [];
  for (const item of wanted) {
    const same = equal.get(item);
    const other = same ?? take(item.identity);
    if (other === undefined) made.push(item);
    else kept.push({ wanted: item, existing: other, isEqual: same !== undefined });
  }
  return { made, removed: [...left.values()].flat(), kept };
}

/** The same order whoever wrote it down, and whenever. */
export function inOrder<W extends Wanted>(items: readonly W[]): W[] {
  const key = ({ identity, content }: W) => `${identity}\n${canonicalJson(content)}`;
  return items
    .map((item) => [key(item), item] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([, item]) => item);
}
