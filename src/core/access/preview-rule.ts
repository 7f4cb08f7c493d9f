/** Computes which calls of the past an access rule would have matched: its subject, object and schedule, not the decision. */
import { isRuleOnTarget, type TargetKind } from "./authorize.ts";
import { type AccessRule, compileRules } from "./rules.ts";
import { isActiveAt, localTime } from "./schedule.ts";

/** Calls of one caller on one item within a minute. */
export interface PastCalls {
  readonly at: Date;
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly roles: readonly string[];
  readonly kind: TargetKind;
  readonly serverId: string;
  readonly serverName: string;
  readonly name: string;
  readonly count: number;
}

export interface MatchedItem {
  readonly kind: TargetKind;
  readonly serverName: string;
  readonly name: string;
  readonly calls: number;
}

export interface RulePreview {
  readonly calls: number;
  readonly matchedCalls: number;
  /** Users, and API keys without owner. */
  readonly matchedCallers: number;
  /** The most called first. */
  readonly items: readonly MatchedItem[];
}

interface PreviewContext {
  readonly timeZone: string;
  /** The members of the rule's group; empty for other subjects. */
  readonly groupMembers: ReadonlySet<string>;
}

const sumCalls = (calls: readonly PastCalls[]) => calls.reduce((sum, { count }) => sum + count, 0);

export function previewAccessRule(
  rule: AccessRule,
  past: readonly PastCalls[],
  { timeZone, groupMembers }: PreviewContext,
): RulePreview {
  const { bySubject } = compileRules([rule], { accessDefault: "allow", timeZone });
  const [compiled] = [...bySubject.values()].flat();
  const matched = past.filter(
    (call) =>
      compiled !== undefined &&
      isRuleOfCaller(rule, call, groupMembers) &&
      isRuleOnTarget(compiled, call) &&
      isActiveAt(rule, call.at, localTime(call.at, timeZone)),
  );
  const byItem = Map.groupBy(matched, ({ kind, serverId, name }) => JSON.stringify([kind, serverId, name]));
  const items = [...byItem.values()].flatMap((calls) =>
    calls
      .slice(0, 1)
      .map(({ kind, serverName, name }) => ({ kind, serverName, name, calls: sumCalls(calls) })),
  );
  return {
    calls: sumCalls(past),
    matchedCalls: sumCalls(matched),
    matchedCallers: new Set(matched.map(({ userId, apiKeyId }) => userId ?? apiKeyId)).size,
    items: items.toSorted((one, other) => other.calls - one.calls),
  };
}

function isRuleOfCaller(
  { subjectType, subjectId }: AccessRule,
  { userId, apiKeyId, roles }: PastCalls,
  groupMembers: ReadonlySet<string>,
): boolean {
  switch (subjectType) {
    case "role":
      return roles.includes(subjectId);
    case "user":
      return userId === subjectId;
    case "key":
      return apiKeyId === subjectId;
    case "group":
      return userId !== null && groupMembers.has(userId);
  }
}
