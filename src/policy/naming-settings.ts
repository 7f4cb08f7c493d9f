/** Parses the tenant's stored settings for tool names. */
import { z } from "zod";
import { PREFIX_MODES, SEPARATOR } from "../core/mcp/exposed-names.ts";
import type { Naming } from "./naming.ts";

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
