/**
 * Patterns over names and URIs: `*` for any text (slashes too), `?` for one character, `{a,b}` for either, `\` before
 * a character that means itself. All states are walked at once, so the time is bound by pattern × name whatever is
 * written; a regular expression that backtracks would let one rule stop a gateway.
 */
export type Matcher = (text: string) => boolean;

export const MAX_PATTERN_LENGTH = 500;

/** Undefined for what is no pattern: a brace or a backslash without its counterpart. */
export function compilePattern(pattern: string): Matcher | undefined {
  if (pattern === "*") return () => true;
  if (pattern.length > MAX_PATTERN_LENGTH) return undefined;
  if (!/[*?{}\\]/.test(pattern)) return (text) => text === pattern;
  const [, prefix] = /^([^*?{}\\]*)\*$/.exec(pattern) ?? [];
  if (prefix !== undefined) return (text) => text.startsWith(prefix);
  if (!/[?{}\\]/.test(pattern)) return wildcards(pattern.split("*"));
  const program = assemble(pattern);
  return program && ((text) => run(program, text));
}

/** Of `a*b*c`: what stands between wildcards is found from left to right, each as early as it can be. */
function wildcards([first = "", ...rest]: readonly string[]): Matcher {
  const last = rest.at(-1) ?? "";
  const middle = rest.slice(0, -1);
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const literal of middle) {
      const found = text.indexOf(literal, at);
      if (found === -1) return false;
      at = found + literal.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

/** A step reads one character (`any` or the one given) and goes on behind itself, or branches without reading. */
type Step = { reads: number | "any" } | { goes: number[] };

const CODE = { star: 42, question: 63, open: 123, close: 125, comma: 44, backslash: 92 };

function assemble(pattern: string): Step[] | undefined {
  const steps: Step[] = [];
  /** For each open brace: where its alternatives branch, and the jumps whose target, its end, is not yet known. */
  const open: { branch: number[]; ends: number[][] }[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const code = pattern.charCodeAt(at);
    const group = open.at(-1);
    if (code === CODE.backslash) {
      at += 1;
      if (at === pattern.length) return undefined;
      steps.push({ reads: pattern.charCodeAt(at) });
    } else if (code === CODE.star) {
      const here = steps.length;
      steps.push({ goes: [here + 1, here + 3] }, { reads: "any" }, { goes: [here] });
    } else if (code === CODE.question) {
      steps.push({ reads: "any" });
    } else if (code === CODE.open) {
      const branch = [steps.length + 1];
      steps.push({ goes: branch });
      open.push({ branch, ends: [] });
    } else if (code === CODE.comma && group !== undefined) {
      const end: number[] = [];
      steps.push({ goes: end });
      group.ends.push(end);
      group.branch.push(steps.length);
    } else if (code === CODE.close) {
      if (group === undefined) return undefined;
      for (const end of group.ends) end.push(steps.length);
      open.pop();
    } else {
      steps.push({ reads: code });
    }
  }
  return open.length === 0 ? steps : undefined;
}

function run(steps: readonly Step[], text: string): boolean {
  let current = new States(steps);
  let next = new States(steps);
  current.enter(0);
  for (let at = 0; at < text.length; at += 1) {
    if (current.reading.length === 0) return false;
    const code = text.charCodeAt(at);
    for (const [place, reads] of current.reading) {
      if (reads === "any" || reads === code) next.enter(place + 1);
    }
    [current, next] = [next, current];
    next.clear();
  }
  return current.isAtEnd;
}

/** Where a walk may be; each place at most once, which is what bounds the time. */
class States {
  readonly reading: [place: number, reads: number | "any"][] = [];
  isAtEnd = false;
  readonly #steps: readonly Step[];
  readonly #seen: Uint8Array;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#seen = new Uint8Array(steps.length);
  }

  enter(start: number): void {
    const waiting = [start];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const step = this.#steps[place];
      if (step === undefined) this.isAtEnd = true;
      else if (this.#seen[place] !== 1) {
        this.#seen[place] = 1;
        if ("reads" in step) this.reading.push([place, step.reads]);
        else waiting.push(...step.goes);
      }
    }
  }

  clear(): void {
    this.reading.length = 0;
    this.#seen.fill(0);
    this.isAtEnd = false;
  }
}
