/**
 * Evaluates a feature flag for a subject: named subjects first, then the first matching rule, then a stable percentage.
 */

import type { Role } from "../enums.ts";
import { hashFraction } from "../routing/hash.ts";

export interface FlagRule {
  /** Left out: whatever the role. */
  readonly roles?: readonly Role[] | undefined;
  /** Default: all users. */
  readonly userIds?: readonly string[] | undefined;
  readonly isEnabled: boolean;
}

export interface Flag {
  readonly key: string;
  readonly isEnabled: boolean;
  readonly rules: readonly FlagRule[];
  /** Of those that nothing else decides about. */
  readonly percentage: number;
  readonly userIds: readonly string[];
}

export interface FlagSubject {
  /** The user ID, or the API key ID of a key without owner. */
  readonly id: string;
  readonly role: Role;
}

export type FlagReason = "off" | "named" | "rule" | "percentage";

export interface FlagEvaluation {
  readonly isOn: boolean;
  readonly reason: FlagReason;
  /** Which rule it was, counted from 0. */
  readonly rule?: number;
}

export function evaluateFlag(flag: Flag, subject: FlagSubject): FlagEvaluation {
  if (!flag.isEnabled) return { isOn: false, reason: "off" };
  if (flag.userIds.includes(subject.id)) return { isOn: true, reason: "named" };
  const rule = flag.rules.findIndex((each) => ruleApplies(each, subject));
  const decisive = flag.rules[rule];
  if (decisive !== undefined) return { isOn: decisive.isEnabled, reason: "rule", rule };
  return { isOn: rolloutPosition(flag.key, subject) * 100 < flag.percentage, reason: "percentage" };
}

function ruleApplies({ roles, userIds }: FlagRule, { id, role }: FlagSubject): boolean {
  return (roles?.includes(role) ?? true) && (userIds?.includes(id) ?? true);
}

/** The key takes part, so that those who come first are not the same with every flag. */
const rolloutPosition = (key: string, { id }: FlagSubject) => hashFraction(`${key}\0${id}`);
