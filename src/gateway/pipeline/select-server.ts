/** Stage 4: the server that a routing rule selects among those that have the target and have not been tried. */
import type { Candidate, DescribedCall } from "./upstream-call.ts";

/** Servers that may serve the call: those of the rule, else the preferred one. */
export function listCandidates<C extends Candidate>({
  preferred,
  selection,
}: DescribedCall<C>): readonly C[] {
  const targets = selection?.targets ?? [];
  const isTarget = targets.some(({ server }) => server.id === preferred.server.id);
  return isTarget ? targets : [...targets, preferred];
}

export function selectServer<C extends Candidate>(
  { preferred, selection }: DescribedCall<C>,
  candidates: readonly C[],
  tried: ReadonlySet<string>,
): C {
  const targets = candidates.filter((candidate) => selection?.targets.includes(candidate));
  const selected = selection?.select(targets, tried);
  return (
    selected ??
    candidates.find(({ server }) => server.id === preferred.server.id) ??
    firstCandidate(candidates)
  );
}

function firstCandidate<C>(candidates: readonly C[]): C {
  const [first] = candidates;
  if (first === undefined) throw new TypeError("a call without a candidate");
  return first;
}
