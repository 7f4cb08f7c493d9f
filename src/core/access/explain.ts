/** Explains an access decision in a sentence for the tenant's admins. */
import type { AccessDecision, AccessReason } from "./authorize.ts";
import type { AccessRule, CompiledRule } from "./rules.ts";

export interface Explanation {
  readonly allowed: boolean;
  readonly decidedBy: "role" | "scope" | "operator" | "configuration" | "rule" | "readonly" | "default";
  readonly reason: string;
  /** The rule that decided, where one did. */
  readonly rule: AccessRule | null;
}

export function explainDecision({ allowed, reason }: AccessDecision): Explanation {
  const text = describeReason(reason, allowed);
  const rule = typeof reason === "object" && "rule" in reason ? withoutMatcher(reason.rule) : null;
  return { allowed, ...text, rule };
}

function describeReason(reason: AccessReason, allowed: boolean): Pick<Explanation, "decidedBy" | "reason"> {
  switch (reason) {
    case "operator":
      return { decidedBy: "operator", reason: "Requires operator privileges." };
    case "configuration":
      return { decidedBy: "configuration", reason: "Only admins can read resources under config://." };
    case "readonly":
      return {
        decidedBy: "readonly",
        reason: "Read-only principals can call only tools with readOnlyHint or an explicit allow rule.",
      };
    case "default":
      return {
        decidedBy: "default",
        reason: allowed
          ? "No rule matches; default access is allow."
          : "No rule matches; default access is deny.",
      };
  }
  if ("role" in reason) return { decidedBy: "role", reason: `Requires role ${reason.role}.` };
  if ("scope" in reason) return { decidedBy: "scope", reason: `Requires scope ${reason.scope}.` };
  const { effect, subjectType, subjectId, objectType, objectPattern } = reason.rule;
  return {
    decidedBy: "rule",
    reason: `Rule: ${effect} ${subjectType} ${subjectId} on ${objectType} ${objectPattern}, active at this time.`,
  };
}

function withoutMatcher({ matches: _, ...rule }: CompiledRule): AccessRule {
  return rule;
}
