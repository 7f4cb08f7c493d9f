/**
 * Admits or refuses the request of a known principal synchronously: snapshot, scope, address and limits are all cached.
 * Where anything is missing, nothing is counted, and the general path handles the request.
 */
import { evaluatePermission } from "../../core/access/rbac.ts";
import type { Authenticator } from "../../identity/authenticate.ts";
import type { Principal } from "../../identity/principal.ts";
import { type AdmissionDecision, admitNow as decideAdmission } from "../../policy/admission.ts";
import type { McpContext } from "../context/context.ts";
import type { RecordedInput, RequestStarter } from "../context/create-context.ts";

export interface AdmitNowServices {
  readonly authenticator: Authenticator;
  readonly requests: RequestStarter;
}

export function admitNow(
  principal: Principal,
  input: RecordedInput,
  { authenticator, requests }: AdmitNowServices,
): { readonly context: McpContext; readonly decision: AdmissionDecision } | undefined {
  if (!evaluatePermission(principal, "mcp.connect").allowed) return undefined;
  const context = requests.startNow(principal, input);
  if (context === undefined) return undefined;
  const { record, waitUntil } = input;
  const decision = decideAdmission(context, context.traffic, new Date(), waitUntil);
  if (decision === undefined) return undefined;
  record.setPrincipal(principal);
  authenticator.countUse(principal, waitUntil);
  return { context, decision };
}
