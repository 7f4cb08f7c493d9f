/**
 * The names under which the tools and prompts of many servers appear as those of one, and the way back. The same set
 * of servers always gets the same names, whatever order their lists came in.
 */
export const PREFIX_MODES = ["always", "on_collision", "never"] as const;
export type PrefixMode = (typeof PREFIX_MODES)[number];

export const SEPARATOR = "__";
/** The specification's limit; some model providers take 64 only. */
export const MAX_NAME_LENGTH = 128;

export interface NamedItem {
  readonly server: string;
  readonly name: string;
}

export interface ExposedItem extends NamedItem {
  readonly exposed: string;
}

export interface ShadowedItem extends NamedItem {
  /** The server that has the name instead. */
  readonly by: string;
}

export interface NameTable {
  /** In the order of priority, then server, then name. */
  readonly entries: readonly ExposedItem[];
  /** Items without an exposed name, because an item with higher priority has it. */
  readonly shadowed: readonly ShadowedItem[];
  readonly lookup: ReadonlyMap<string, NamedItem>;
}

export interface NamingOptions {
  /** Made of the characters of names. */
  readonly separator?: string;
  /** Servers, first first; those that are missing follow in alphabetical order. */
  readonly priority?: readonly string[];
  readonly maxLength?: number;
}

/**
 * What an offer is called at each level: its own name, the prefixed name, then prefixed names with ever other hashes.
 * A mode is where an offer starts and how far it may climb to get away from the others.
 */
const LEVELS: Readonly<Record<PrefixMode, { readonly start: number; readonly top: number }>> = {
  always: { start: 1, top: 8 },
  on_collision: { start: 0, top: 8 },
  never: { start: 0, top: 0 },
};

export function exposeNames(
  items: Iterable<NamedItem>,
  mode: PrefixMode,
  naming: NamingOptions = {},
): NameTable {
  const { start, top } = LEVELS[mode];
  const sorted = sortByPriority(items, naming.priority ?? []);
  const climbers = sorted.map((item) => ({
    offer: item,
    level: start,
    exposed: nameAtLevel(item, start, naming),
  }));
  while (true) {
    const climbing = [...Map.groupBy(climbers, ({ exposed }) => exposed).values()].flatMap((group) => {
      if (group.length === 1) return [];
      // Only the lowest climb. So a server that calls its tool `github__search` never takes that name from the server
      // github: the prefix is a claim, and a bare name that looks like one gives way.
      const lowest = Math.min(...group.map(({ level }) => level));
      return lowest < top ? group.filter(({ level }) => level === lowest) : [];
    });
    if (climbing.length === 0) break;
    for (const climber of climbing) {
      climber.level += 1;
      climber.exposed = nameAtLevel(climber.offer, climber.level, naming);
    }
  }
  return buildTable(climbers.map(({ offer: item, exposed }) => ({ ...item, exposed })));
}

function buildTable(candidates: readonly ExposedItem[]): NameTable {
  const lookup = new Map<string, NamedItem>();
  const entries: ExposedItem[] = [];
  const shadowed: ShadowedItem[] = [];
  for (const { server, name, exposed } of candidates) {
    const holder = lookup.get(exposed);
    if (holder !== undefined) {
      shadowed.push({ server, name, by: holder.server });
    } else {
      lookup.set(exposed, { server, name });
      entries.push({ server, name, exposed });
    }
  }
  return { entries, shadowed, lookup };
}

/**
 * Resolves a prefixed name whose server is not listed yet, or one that a client cached from before the prefix became
 * unnecessary. Returns undefined for an ambiguous name (`a__b__c` with servers `a` and `a__b`), so that a call never
 * reaches the wrong server. Shortened names are resolved by the table only.
 */
export function resolveName(
  exposed: string,
  servers: Iterable<string>,
  separator: string = SEPARATOR,
): NamedItem | undefined {
  const found: NamedItem[] = [];
  for (const server of new Set(servers)) {
    const prefix = server + separator;
    if (exposed.startsWith(prefix) && exposed.length > prefix.length) {
      found.push({ server, name: exposed.slice(prefix.length) });
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

function nameAtLevel({ server, name }: NamedItem, level: number, naming: NamingOptions): string {
  const max = naming.maxLength ?? MAX_NAME_LENGTH;
  // Without the server in it, so that an unfit name that two servers share still counts as the same name.
  if (level === 0) return isFit(name, max) ? name : withHash(name, name, max);
  const prefixed = `${server}${naming.separator ?? SEPARATOR}${name}`;
  const identity = `${server}\0${name}`;
  if (level === 1) return isFit(prefixed, max) ? prefixed : withHash(prefixed, identity, max);
  return withHash(prefixed, `${identity}\0${level}`, max);
}

function isFit(name: string, max: number): boolean {
  return name.length <= max && /^[A-Za-z0-9_.-]+$/.test(name);
}

function withHash(text: string, identity: string, max: number): string {
  const suffix = `_${hash(identity)}`;
  return text.replace(/[^A-Za-z0-9_.-]+/g, "_").slice(0, Math.max(0, max - suffix.length)) + suffix;
}

/**
 * Eight hexadecimal digits, the same for ever: clients and policies store names. FNV-1a with a final mix. It need
 * not resist attack, as names that collide on purpose climb on like any others.
 */
function hash(text: string): string {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return ((state ^ (state >>> 16)) >>> 0).toString(16).padStart(8, "0");
}

function sortByPriority(items: Iterable<NamedItem>, priority: readonly string[]): NamedItem[] {
  const distinct = new Map<string, NamedItem>();
  for (const { server, name } of items) distinct.set(`${server}\0${name}`, { server, name });
  const byServer = serverOrder(priority);
  return [...distinct.values()].sort(
    (left, right) => byServer(left.server, right.server) || compareText(left.name, right.name),
  );
}

/** Compares servers by priority, the unranked ones last and by name. */
export function serverOrder(priority: readonly string[]): (left: string, right: string) => number {
  const ranks = new Map(priority.map((server, rank) => [server, rank] as const).reverse());
  const rankOf = (server: string) => ranks.get(server) ?? priority.length;
  return (left, right) => rankOf(left) - rankOf(right) || compareText(left, right);
}

/** By code units: the same everywhere, unlike a locale's order. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
