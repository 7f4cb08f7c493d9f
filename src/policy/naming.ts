/** How a tenant wants the names of many servers told apart on its one endpoint. */
import { z } from "zod";
import { PREFIX_MODES, type PrefixMode, SEPARATOR } from "../core/mcp/exposed-names.ts";

export interface Naming {
  readonly prefix: PrefixMode;
  readonly separator: string;
  /** Server names, first first. */
  readonly priority: readonly string[];
}

/** What does not fit falls back to the default, so that a bad row stops no traffic. */
const namingSettings = z
  .object({
    prefix: z.enum(PREFIX_MODES).catch("on_collision"),
    separator: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,8}$/)
      .catch(SEPARATOR),
    priority: z.array(z.string()).catch([]),
  })
  .catch({ prefix: "on_collision", separator: SEPARATOR, priority: [] });

export function parseNaming(settings: Record<string, unknown>): Naming {
  return namingSettings.parse(settings.naming ?? {});
}

export function isSameNaming(left: Naming, right: Naming): boolean {
  return (
    left.prefix === right.prefix &&
    left.separator === right.separator &&
    left.priority.join("\n") === right.priority.join("\n")
  );
}
