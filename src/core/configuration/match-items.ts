/**
 * Determines what must be created, changed and deleted so that the present items become the given ones. Things are the same by their
 * identity; of several with one identity the equal ones are paired first, so that nothing is touched without need.
 */
import { canonicalJson } from "../mcp/canonical-json.ts";

export type ItemContent = Readonly<Record<string, unknown>>;

export interface DesiredItem {
  readonly identity: string;
  readonly content: ItemContent;
}

export interface CurrentItem extends DesiredItem {
  readonly id: string;
}

export interface ItemMatches<W extends DesiredItem, E extends CurrentItem> {
  readonly made: readonly W[];
  readonly removed: readonly E[];
  /** The same thing, changed or not. */
  readonly kept: readonly { readonly wanted: W; readonly existing: E; readonly isEqual: boolean }[];
}

export function matchItems<W extends DesiredItem, E extends CurrentItem>(
  desired: readonly W[],
  existing: readonly E[],
): ItemMatches<W, E> {
  const left = new Map(
    [...Map.groupBy(existing, ({ identity }) => identity)].map(([key, items]) => [key, [...items]]),
  );
  const take = (identity: string, content?: string): E | undefined => {
    const items = left.get(identity) ?? [];
    const at = content === undefined ? 0 : items.findIndex((item) => canonicalJson(item.content) === content);
    return at === -1 ? undefined : items.splice(at, 1)[0];
  };
  const equal = new Map<W, E>();
  for (const item of desired) {
    const same = take(item.identity, canonicalJson(item.content));
    if (same !== undefined) equal.set(item, same);
  }
  const kept: { wanted: W; existing: E; isEqual: boolean }[] = [];
  const made: W[] = [];
  for (const item of desired) {
    const same = equal.get(item);
    const other = same ?? take(item.identity);
    if (other === undefined) made.push(item);
    else kept.push({ wanted: item, existing: other, isEqual: same !== undefined });
  }
  return { made, removed: [...left.values()].flat(), kept };
}

/** Returns an order that does not depend on the order of the input. */
export function sortByDependency<W extends DesiredItem>(items: readonly W[]): W[] {
  const key = ({ identity, content }: W) => `${identity}\n${canonicalJson(content)}`;
  return items
    .map((item) => [key(item), item] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([, item]) => item);
}
