/** Evaluates flags for principals. */
import { evaluateFlag, type Flag, type FlagEvaluation, type FlagSubject } from "../core/flags/evaluate.ts";
import type { Principal } from "../identity/principal.ts";

/** A user and all of their keys are one subject; a key without owner is a subject of its own. */
export const flagSubject = ({ id, userId, apiKeyId, role }: Principal): FlagSubject => ({
  id: userId ?? apiKeyId ?? id,
  role,
});

export const evaluateForPrincipal = (flag: Flag, principal: Principal): FlagEvaluation =>
  evaluateFlag(flag, flagSubject(principal));
