/** Traffic over time without gaps: units in which there was nothing have no sums, and charts show them all the same. */
import { type Figures, figuresOf, NOTHING, type Sums } from "./figures.ts";
import { pointsOf, type Span } from "./period.ts";
import { GRAIN_MS, type Grain } from "./vocabulary.ts";

export interface Course {
  /** Milliseconds, when each unit begins. */
  readonly times: readonly number[];
  readonly figures: readonly Figures[];
}

/** `span` holds whole units. */
export function courseOf(rows: readonly (Sums & { readonly at: Date })[], span: Span, grain: Grain): Course {
  const known = new Map(rows.map((row) => [row.at.getTime(), row]));
  const times = Array.from(
    { length: pointsOf(span, grain) },
    (_, index) => span.from.getTime() + index * GRAIN_MS[grain],
  );
  return { times, figures: times.map((at) => figuresOf(known.get(at) ?? NOTHING)) };
}
