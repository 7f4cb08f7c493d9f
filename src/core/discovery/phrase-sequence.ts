/**
 * Finds words that follow one another within a few characters: a regular expression for the words of each step, and a
 * gap between the steps. One expression for the whole would try every combination of gaps at every word; here each
 * step is searched once and the places are joined, so that the time is linear in the text.
 */
export interface PhraseStep {
  /** With the flag g. */
  readonly words: RegExp;
  /** Characters between the end of the step before and these words. */
  readonly within: number;
  /** What no gap may contain. */
  readonly stops: PhraseGap;
}

/** A gap ends at the end of a sentence, at the end of a line, or nowhere. */
export type PhraseGap = "sentence" | "line" | "text";

const STOPS: Readonly<Record<PhraseGap, RegExp | undefined>> = {
  sentence: /[.!?\n]/g,
  line: /\n/g,
  text: undefined,
};

interface TextRange {
  /** Where the whole sequence began. */
  readonly from: number;
  readonly end: number;
}

/** Where the first sequence begins; undefined where there is none. */
export function findSequence(text: string, first: RegExp, steps: readonly PhraseStep[]): number | undefined {
  let places: TextRange[] = Array.from(text.matchAll(first), ({ index, 0: match }) => ({
    from: index,
    end: index + match.length,
  }));
  for (const step of steps) {
    if (places.length === 0) return undefined;
    places = follow(text, places, step);
  }
  return places[0]?.from;
}

/** The places of the step's words that stand close enough behind a place of the step before. */
function follow(
  text: string,
  before: readonly TextRange[],
  { words, within, stops }: PhraseStep,
): TextRange[] {
  const ends = before.toSorted((left, right) => left.end - right.end);
  const stop = lastStopBefore(text, STOPS[stops]);
  const reached: TextRange[] = [];
  let next = 0;
  let nearest: TextRange | undefined;
  for (const { index, 0: match } of text.matchAll(words)) {
    // The nearest one before has the smallest gap, and the fewest stops in it.
    for (let place = ends[next]; place !== undefined && place.end <= index; place = ends[next]) {
      nearest = place;
      next += 1;
    }
    if (nearest === undefined || index - nearest.end > within || stop(index) >= nearest.end) continue;
    reached.push({ from: nearest.from, end: index + match.length });
  }
  return reached;
}

/** For ever later places; -1 where there is none. */
function lastStopBefore(text: string, stops: RegExp | undefined): (index: number) => number {
  if (stops === undefined) return () => -1;
  const found = text.matchAll(stops);
  let last = -1;
  let coming = found.next();
  return (index) => {
    while (coming.done !== true && coming.value.index < index) {
      last = coming.value.index;
      coming = found.next();
    }
    return last;
  };
}
