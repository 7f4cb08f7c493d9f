/** Evaluates flags for principals. */
import { evaluateFlag, type Flag, type FlagEvaluation, type FlagSubject } from "../core/flags/evaluate.ts";
import type { Principal } from "../identity/principal.ts";

/** A person is one with all of their keys; a key of nobody's is somebody too. */
export const flagSubject = ({ id, userId, apiKeyId, role }: Principal): FlagSubject => ({
  id: userId ?? apiKeyId ?? id,
  role,
});

export const evaluateForPrincipal = (flag: Flag, principal: Principal): FlagEvaluation =>
  evaluateFlag(flag, flagSubject(principal));
