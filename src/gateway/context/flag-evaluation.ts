/** Evaluates the gateway's own feature flags for the principal of a request. */
import { KNOWN_FLAGS, type KnownFlag } from "../../core/flags/known-flags.ts";
import { createFlagEvent } from "../../logs/flag-event.ts";
import { evaluateForPrincipal, flagSubject } from "../../policy/flags.ts";
import type { McpContext } from "./context.ts";

export function isFlagEnabled(key: KnownFlag, context: McpContext): boolean {
  const flag = context.tenant.flags.get(key);
  if (flag === undefined) return KNOWN_FLAGS[key].isOn;
  const { principal, exposures } = context;
  const { isOn, reason } = evaluateForPrincipal(flag, principal);
  const { id: subjectId } = flagSubject(principal);
  if (exposures.isNew(`${principal.tenantId} ${key} ${subjectId} ${isOn}`)) {
    context.emit([createFlagEvent({ tenantId: principal.tenantId, flagKey: key, subjectId, isOn, reason })]);
  }
  return isOn;
}
