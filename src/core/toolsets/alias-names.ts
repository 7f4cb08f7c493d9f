/** The names of a toolset's items: aliases as they are written, all others by the organization's naming. */
import {
  type ExposedItem,
  exposeNames,
  type NamedItem,
  type NameTable,
  type NamingOptions,
  type PrefixMode,
  type ShadowedItem,
} from "../mcp/exposed-names.ts";

/** Returns the alias of an item; undefined for an item without one. */
export type FindAlias = (item: NamedItem) => string | undefined;

/** An item whose name is the alias of another gets its prefixed name. */
export function exposeAliases(
  items: readonly NamedItem[],
  findAlias: FindAlias,
  mode: PrefixMode,
  naming: NamingOptions,
): NameTable {
  const table = new TableBuilder();
  for (const item of items) {
    const exposed = findAlias(item);
    if (exposed !== undefined) table.add({ ...item, exposed });
  }
  const others = exposeNames(
    items.filter((item) => findAlias(item) === undefined),
    mode,
    naming,
  );
  const taken = others.entries.filter(({ exposed }) => table.lookup.has(exposed));
  for (const entry of others.entries) if (!taken.includes(entry)) table.add(entry);
  for (const entry of exposeNames(taken, "always", naming).entries) table.add(entry);
  return { ...table, shadowed: [...table.shadowed, ...others.shadowed] };
}

class TableBuilder implements NameTable {
  readonly entries: ExposedItem[] = [];
  readonly shadowed: ShadowedItem[] = [];
  readonly lookup = new Map<string, NamedItem>();

  add(entry: ExposedItem): void {
    const { server, name, exposed } = entry;
    const holder = this.lookup.get(exposed);
    if (holder !== undefined) {
      this.shadowed.push({ server, name, by: holder.server });
      return;
    }
    this.lookup.set(exposed, { server, name });
    this.entries.push(entry);
  }
}
