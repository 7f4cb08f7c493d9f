/** Reads the imports and exports of the source tree for the architecture and vocabulary tests. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface SourceImport {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
  readonly isLazy: boolean;
}

export interface SourceExport {
  readonly file: string;
  readonly name: string;
  readonly isType: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)(?<type>\s+type)?\b(?<names>[^;]*?)from\s+"(?<from>\.[^"]+)"|import\("(?<lazy>\.[^"]+)"\)/g;
const EXPORT =
  /^export (?:async )?(?:abstract )?(?<kind>function\*?|const|class|interface|type) (?<name>[A-Za-z_]\w*)/gm;

/** Paths from the root of the repository, with forward slashes. */
export function listFiles(pattern: string): string[] {
  return globSync(pattern).map((file) => file.replaceAll("\\", "/"));
}

export function listImports(files: readonly string[]): SourceImport[] {
  return files.flatMap((from) =>
    [...readFileSync(from, "utf8").matchAll(IMPORT)].map(({ groups = {} }) => ({
      from,
      to: normalize(join(dirname(from), groups.from ?? groups.lazy ?? "")).replaceAll("\\", "/"),
      isTypeOnly: groups.type !== undefined || isOnlyTypes(groups.names),
      isLazy: groups.lazy !== undefined,
    })),
  );
}

/** `import { type A, type B } from` loads nothing at run time. */
function isOnlyTypes(names: string | undefined): boolean {
  const inside = /^\s*\{(?<list>[^}]*)\}\s*$/.exec(names ?? "")?.groups?.list;
  if (inside === undefined) return false;
  return inside
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .every((name) => name.startsWith("type "));
}

export function listExports(files: readonly string[]): SourceExport[] {
  return files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(EXPORT)].map(({ groups = {} }) => ({
      file,
      name: groups.name ?? "",
      isType: groups.kind === "interface" || groups.kind === "type",
    })),
  );
}

/** Groups of nodes that reach each other, largest first, each sorted by name (Tarjan's algorithm). */
export function findCycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const own = index.size;
    index.set(node, own);
    stack.push(node);
    let lowest = own;
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? own);
    }
    low.set(node, lowest);
    if (lowest === own) {
      const group = stack.splice(stack.indexOf(node));
      if (group.length > 1) cycles.push(group.sort());
    }
    return lowest;
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return cycles.sort(
    (one, other) => other.length - one.length || (one[0] ?? "").localeCompare(other[0] ?? ""),
  );
}

export function toEdges(pairs: Iterable<readonly [string, string]>): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const [from, to] of pairs) {
    if (from === to) continue;
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
  }
  return edges;
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*$/gm;

/** Counts in how many places of each file of `users`, comments left out, every word appears. */
function countWords(users: readonly string[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const file of users) {
    for (const [word] of readFileSync(file, "utf8")
      .replace(COMMENT, "")
      .matchAll(/[A-Za-z_]\w*/g)) {
      const byFile = counts.get(word) ?? new Map<string, number>();
      counts.set(word, byFile.set(file, (byFile.get(file) ?? 0) + 1));
    }
  }
  return counts;
}

/**
 * Values exported by `files` that are exported needlessly. An export needs another file of `product` that uses it. A
 * test may be that other file if the exporting file uses the value too, so that the test reaches a part of the product.
 */
export function findUncalledExports(
  files: readonly string[],
  product: readonly string[],
  tests: readonly string[],
): SourceExport[] {
  const productUses = countWords(product);
  const testUses = countWords(tests);
  return listExports(files).filter(({ file, name, isType }) => {
    const uses = productUses.get(name) ?? new Map<string, number>();
    const isCalled = [...uses.keys()].some((user) => user !== file);
    const isTestedPart = (uses.get(file) ?? 0) > 1 && testUses.has(name);
    return !isType && !isCalled && !isTestedPart;
  });
}
