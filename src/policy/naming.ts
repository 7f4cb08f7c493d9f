/** The tenant's settings for tool names on the aggregated endpoint. */
import type { PrefixMode } from "../core/mcp/exposed-names.ts";

export interface Naming {
  readonly prefix: PrefixMode;
  readonly separator: string;
  /** Server names, first first. */
  readonly priority: readonly string[];
}

export function isSameNaming(left: Naming, right: Naming): boolean {
  return (
    left.prefix === right.prefix &&
    left.separator === right.separator &&
    left.priority.join("\n") === right.priority.join("\n")
  );
}
