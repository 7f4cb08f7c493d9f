/** Access rules whose object is a toolset: whether its endpoint can be entered, and what an allow means there. */
import type { ActiveRuleSet } from "./rules.ts";

/**
 * `denied`: the toolset looks unknown. `allowed`: within the toolset, what no rule denies is allowed, whatever the
 * default access. `default`: no rule names the toolset, and its items are decided as anywhere else.
 */
export type ToolsetDecision = "denied" | "allowed" | "default";

export function authorizeToolset(slug: string, { denies, allows }: ActiveRuleSet): ToolsetDecision {
  const names = ({ objectType, matches }: ActiveRuleSet["denies"][number]) =>
    objectType === "toolset" && matches(slug);
  if (denies.some(names)) return "denied";
  return allows.some(names) ? "allowed" : "default";
}
