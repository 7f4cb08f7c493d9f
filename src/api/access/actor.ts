/** Who makes a change of authority, to be judged again in the very batch that commits it. */
import { ForbiddenError } from "../../core/errors.ts";
import { isStaleWrite } from "../../db/errors.ts";
import type { AuthorityActor } from "../../db/queries/identity/authority.ts";
import type { Principal } from "../../identity/principal.ts";

export function toActor({ tenantId, role, userId, apiKeyId, via, isOperator }: Principal): AuthorityActor {
  return {
    tenantId,
    role,
    userId: isOperator === true ? undefined : userId,
    keyId: via === "api_key" ? apiKeyId : undefined,
  };
}

/** For batches whose only condition is `assertActor`. */
export async function rejectIfDisempowered<R>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    if (!isStaleWrite(error)) throw error;
    throw new ForbiddenError("Your role or API key changed during this request. No changes were made.");
  }
}
