/** Flags as they are stored, read for decisions; a rule that makes no sense speaks of nobody. */
import { z } from "zod";
import { ROLES } from "../core/enums.ts";
import { evaluateFlag, type Flag, type FlagEvaluation, type FlagSubject } from "../core/flags/evaluate.ts";
import type { Principal } from "../identity/principal.ts";

/** The first that speaks of somebody decides; after all of them the percentage does. */
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

/** A person is one with all of their keys; a key of nobody's is somebody too. */
export const flagSubject = ({ id, userId, apiKeyId, role }: Principal): FlagSubject => ({
  id: userId ?? apiKeyId ?? id,
  role,
});

export const evaluateForPrincipal = (flag: Flag, principal: Principal): FlagEvaluation =>
  evaluateFlag(flag, flagSubject(principal));
