/** When a breaker was what, from what it did. */
import { z } from "zod";
import { BREAKER_STATES, type BreakerState } from "../../core/enums.ts";
import type { Span } from "../charts/blocks.tsx";
import type { Tone } from "../ui/components.tsx";

export const transitionShape = z.object({
  fromState: z.enum(BREAKER_STATES),
  toState: z.enum(BREAKER_STATES),
  reason: z.string(),
  actorId: z.string().nullable(),
  transitionedAt: z.string(),
});
export type Transition = z.infer<typeof transitionShape>;

const TONES: Record<BreakerState, Tone> = { closed: "good", half_open: "warn", open: "bad" };

/** `transitions`: newest first. `state`: what it is now. */
export function listSpans(
  transitions: readonly Pick<Transition, "fromState" | "toState" | "transitionedAt">[],
  state: BreakerState,
  from: number,
  now: number,
): readonly Span[] {
  const spans: Span[] = [];
  let [until, was] = [now, state];
  for (const { transitionedAt, fromState } of transitions) {
    const at = Date.parse(transitionedAt);
    if (at <= from) break;
    spans.unshift(spanOf(was, at, until));
    [until, was] = [at, fromState];
  }
  return [spanOf(was, from, until), ...spans];
}

const spanOf = (state: BreakerState, from: number, to: number): Span => ({
  from,
  to,
  tone: TONES[state],
  label: state.replace("_", " "),
});
