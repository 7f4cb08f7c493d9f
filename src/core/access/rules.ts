/** A tenant's access controls, compiled once for a snapshot, and which of them are in force for a caller at a moment. */
import type { ACCESS_EFFECTS, ACCESS_OBJECTS, ACCESS_SUBJECTS } from "../vocabulary.ts";
import type { AccessDefault, Caller, RulesInForce } from "./authorize.ts";
import { compilePattern, type Matcher } from "./patterns.ts";
import { holdsAt, localTime, nextChange, type Schedule } from "./schedule.ts";

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

export interface InForce extends RulesInForce {
  /** Milliseconds since 1970: from then on ask again. */
  readonly until: number;
}

export function rulesInForce(rules: CompiledRules, caller: Caller, now: Date): InForce {
  const mine = [
    rules.bySubject.get(subject("role", caller.role)),
    caller.userId === undefined ? undefined : rules.bySubject.get(subject("user", caller.userId)),
    caller.keyId === undefined ? undefined : rules.bySubject.get(subject("key", caller.keyId)),
  ].flatMap((some) => some ?? []);
  const { accessDefault } = rules;
  if (mine.length === 0) return { denies: [], allows: [], accessDefault, until: Number.POSITIVE_INFINITY };
  const local = localTime(now, rules.timeZone);
  const holding = mine.filter((rule) => holdsAt(rule, now, local));
  return {
    denies: holding.filter((rule) => rule.effect === "deny"),
    allows: holding.filter((rule) => rule.effect === "allow"),
    accessDefault,
    until: nextChange(mine, now),
  };
}
