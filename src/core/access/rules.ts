/** A tenant's access rules, compiled once for a snapshot, and which of them apply to a caller at a moment. */
import type { ACCESS_EFFECTS, ACCESS_OBJECTS, ACCESS_SUBJECTS } from "../enums.ts";

import type { AccessPrincipal } from "./access-principal.ts";
import { listActiveGroups, nextGroupExpiry } from "./groups.ts";
import { compilePattern, type Matcher } from "./patterns.ts";
import { isActiveAt, localTime, nextScheduleChange, type Schedule } from "./schedule.ts";

export interface AccessRule extends Schedule {
  readonly id: string;
  readonly subjectType: (typeof ACCESS_SUBJECTS)[number];
  readonly subjectId: string;
  readonly objectType: (typeof ACCESS_OBJECTS)[number];
  /** Null: on any server. */
  readonly serverId: string | null;
  readonly objectPattern: string;
  readonly effect: (typeof ACCESS_EFFECTS)[number];
}

export interface CompiledRule extends AccessRule {
  readonly matches: Matcher;
}

export interface CompiledRules {
  readonly bySubject: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly accessDefault: AccessDefault;
  readonly timeZone: string;
}

const subject = (type: AccessRule["subjectType"], id: string) => `${type}:${id}`;

export function compileRules(
  rules: readonly AccessRule[],
  tenant: { accessDefault: AccessDefault; timeZone: string },
): CompiledRules {
  const compiled = rules.map((rule): CompiledRule => {
    // No pattern can be stored that is none; if one is, it must not open anything.
    const matches = compilePattern(rule.objectPattern) ?? (() => rule.effect === "deny");
    return { ...rule, matches };
  });
  return {
    bySubject: Map.groupBy(compiled, (rule) => subject(rule.subjectType, rule.subjectId)),
    accessDefault: tenant.accessDefault,
    timeZone: tenant.timeZone,
  };
}

export interface ActiveRules extends ActiveRuleSet {
  /** Milliseconds since 1970: from then on the decision must be made again. */
  readonly until: number;
}

export function activeRules(rules: CompiledRules, principal: AccessPrincipal, now: Date): ActiveRules {
  const mine = [
    rules.bySubject.get(subject("role", principal.role)),
    principal.userId === undefined ? undefined : rules.bySubject.get(subject("user", principal.userId)),
    principal.keyId === undefined ? undefined : rules.bySubject.get(subject("key", principal.keyId)),
    ...listActiveGroups(principal.groups, now.getTime()).map((id) =>
      rules.bySubject.get(subject("group", id)),
    ),
  ].flatMap((some) => some ?? []);
  const { accessDefault } = rules;
  if (mine.length === 0) return { denies: [], allows: [], accessDefault, until: Number.POSITIVE_INFINITY };
  const local = localTime(now, rules.timeZone);
  const active = mine.filter((rule) => isActiveAt(rule, now, local));
  return {
    denies: active.filter((rule) => rule.effect === "deny"),
    allows: active.filter((rule) => rule.effect === "allow"),
    accessDefault,
    until: Math.min(nextScheduleChange(mine, now), nextGroupExpiry(principal.groups, now.getTime())),
  };
}

export type AccessDefault = "allow" | "deny";

/** The rules that apply to the caller now, and what the tenant has decided for the rest. */
export interface ActiveRuleSet {
  readonly denies: readonly CompiledRule[];
  readonly allows: readonly CompiledRule[];
  readonly accessDefault: AccessDefault;
}
