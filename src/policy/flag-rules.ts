/** Reads flags as they are stored; a rule that is invalid applies to no subject. */
import { z } from "zod";
import { ROLES } from "../core/enums.ts";
import type { Flag } from "../core/flags/evaluate.ts";

/** The first matching rule applies, then the percentage. */
export const flagRule = z.strictObject({
  roles: z.array(z.enum(ROLES)).max(10).optional(),
  userIds: z.array(z.string().min(1).max(200)).max(1000).optional(),
  isEnabled: z.boolean(),
});

interface StoredFlag extends Omit<Flag, "rules"> {
  readonly rules: readonly unknown[];
}

export function parseFlags(rows: readonly StoredFlag[]): ReadonlyMap<string, Flag> {
  return new Map(rows.map((row) => [row.key, parseFlag(row)]));
}

export function parseFlag({ rules, ...row }: StoredFlag): Flag {
  const known = rules.flatMap((rule) => {
    const parsed = flagRule.safeParse(rule);
    return parsed.success ? [parsed.data] : [];
  });
  return { ...row, rules: known };
}
