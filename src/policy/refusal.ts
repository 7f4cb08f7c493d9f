/** What somebody lacks for an action, as every door says it: REST, pages and MCP. */
import type { Action } from "../core/access/actions.ts";
import { decideAction, type Rights } from "../core/access/decide.ts";
import { ForbiddenError } from "../core/errors.ts";

/** Undefined for whoever may. */
export function refusalOf(rights: Rights, action: Action): ForbiddenError | undefined {
  const decision = decideAction(rights, action);
  if (decision.allowed) return undefined;
  const { missing } = decision;
  if (missing === "operator") {
    return new ForbiddenError(`Only those who run this gateway may do this (${action}).`);
  }
  if ("role" in missing) {
    return new ForbiddenError(`This takes the role ${missing.role} (${action}).`, missing);
  }
  return new ForbiddenError(`This takes the scope ${missing.scope} (${action}).`, missing);
}

/** A key that is bound to IP ranges came from outside of them. */
export const keyAddressRefusal = () =>
  new ForbiddenError(
    "This API key is not accepted from your IP address. Use it from one of its allowed IP ranges, or ask an administrator to change them.",
  );
