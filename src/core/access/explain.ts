/** Why a decision fell as it did, in a sentence for whoever looks after the tenant. */
import type { AccessDecision, AccessReason } from "./authorize.ts";
import type { AccessRule, CompiledRule } from "./rules.ts";

export interface Explanation {
  readonly allowed: boolean;
  readonly because: "role" | "scope" | "operator" | "configuration" | "rule" | "readonly" | "default";
  readonly reason: string;
  /** The rule that decided, where one did. */
  readonly rule: AccessRule | null;
}

export function explainDecision({ allowed, reason }: AccessDecision): Explanation {
  const text = describeReason(reason, allowed);
  const rule = typeof reason === "object" && "rule" in reason ? withoutMatcher(reason.rule) : null;
  return { allowed, ...text, rule };
}

function describeReason(reason: AccessReason, allowed: boolean): Pick<Explanation, "because" | "reason"> {
  switch (reason) {
    case "operator":
      return { because: "operator", reason: "Only those who run this gateway may do this." };
    case "configuration":
      return { because: "configuration", reason: "Resources under config:// are for admins only." };
    case "readonly":
      return {
        because: "readonly",
        reason:
          "Callers who may only read call only tools that say they only read (readOnlyHint), and those that a rule allows.",
      };
    case "default":
      return {
        because: "default",
        reason: allowed
          ? "No rule forbids it, and the tenant allows what is not forbidden."
          : "No rule allows it, and the tenant forbids what is not allowed.",
      };
  }
  if ("role" in reason) return { because: "role", reason: `It takes the role ${reason.role}.` };
  if ("scope" in reason) return { because: "scope", reason: `It takes the scope ${reason.scope}.` };
  const { effect, subjectType, subjectId, objectType, objectPattern } = reason.rule;
  const verb = effect === "allow" ? "allows" : "denies";
  return {
    because: "rule",
    reason: `A rule ${verb} ${subjectType} ${subjectId} each ${objectType} like ${objectPattern}, and holds at that time.`,
  };
}

function withoutMatcher({ matches: _, ...rule }: CompiledRule): AccessRule {
  return rule;
}
