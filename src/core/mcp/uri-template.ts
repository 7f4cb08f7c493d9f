/**
 * Determines which resource template (RFC 6570) a URI could match, to route URIs that no list names. Templates
 * come from upstream and URIs from callers, so matching takes linear time whatever both contain: no regular
 * expressions made of templates, no backtracking.
 */
export interface ServerTemplate {
  readonly server: string;
  readonly template: string;
}

const MAX_URI_LENGTH = 8192;
const MAX_TEMPLATE_LENGTH = 2048;
/** Each expression costs a walk along the URI; a template of more is matched by nothing. */
const MAX_EXPRESSIONS = 16;
/** Parts of templates times characters of the URI that one server's templates may cost; those behind it are passed over. */
const MAX_STEPS_PER_SERVER = 500_000;

interface TemplateGap {
  /** What the operator puts in front of its values. */
  readonly lead: string;
  /** Whether undefined variables make the whole expression vanish. */
  readonly isOptional: boolean;
  /** The characters that its values cannot contain. */
  readonly stop: string;
}

type Part = string | TemplateGap;

const EXPRESSION = /^(?<operator>[+#./;?&]?)(?<variables>[A-Za-z0-9_.%*:,]+)$/;

/** The server whose template fits best: most literal text, then fewest free gaps, fewest gaps, first in order. */
export function selectMostSpecific(
  uri: string,
  owners: Iterable<ServerTemplate>,
): ServerTemplate | undefined {
  let best: { readonly owner: ServerTemplate; readonly score: readonly number[] } | undefined;
  const spent = new Map<string, number>();
  for (const owner of owners) {
    const before = spent.get(owner.server) ?? 0;
    if (before >= MAX_STEPS_PER_SERVER) continue;
    const parts = parseTemplate(owner.template);
    if (parts === undefined || !hasFixedEnds(parts, uri)) continue;
    spent.set(owner.server, before + parts.length * uri.length);
    if (!matches(parts, uri)) continue;
    const score = specificity(parts);
    if (best === undefined || isHigher(score, best.score)) best = { owner, score };
  }
  return best?.owner;
}

function parseTemplate(template: string): Part[] | undefined {
  if (template.length > MAX_TEMPLATE_LENGTH) return undefined;
  const parts: Part[] = [];
  const pieces = template.split("{");
  if (pieces.length > MAX_EXPRESSIONS + 1) return undefined;
  for (const [position, piece] of pieces.entries()) {
    const end = piece.indexOf("}");
    // Before the first brace there is only text, and after every brace exactly one end of it.
    if (position === 0 ? end !== -1 : end === -1 || piece.includes("}", end + 1)) return undefined;
    if (position > 0) {
      const gap = parseExpression(piece.slice(0, end));
      if (gap === undefined) return undefined;
      parts.push(gap);
    }
    const literal = piece.slice(end + 1);
    if (literal !== "") parts.push(literal);
  }
  return parts;
}

function parseExpression(text: string): TemplateGap | undefined {
  const { operator, variables } = EXPRESSION.exec(text)?.groups ?? {};
  if (operator === undefined || variables === undefined) return undefined;
  switch (operator) {
    case "":
      return { lead: "", isOptional: false, stop: "/?#" };
    case "+":
      return { lead: "", isOptional: false, stop: "" };
    case "#":
      return { lead: "#", isOptional: true, stop: "" };
    case "/":
      return { lead: "/", isOptional: true, stop: /[*,]/.test(variables) ? "?#" : "/?#" };
    case "?":
    case "&":
      return { lead: operator, isOptional: true, stop: "#" };
    default:
      return { lead: operator, isOptional: true, stop: "/?#" };
  }
}

/** Excludes most templates for most URIs at no cost. */
function hasFixedEnds(parts: readonly Part[], uri: string): boolean {
  const [first, last] = [parts[0], parts.at(-1)];
  if (typeof first === "string" && !uri.startsWith(first)) return false;
  return typeof last !== "string" || uri.endsWith(last);
}

/** Follows all readings at once: after each part, the set of places of the URI where it may have ended. */
function matches(parts: readonly Part[], uri: string): boolean {
  if (uri.length > MAX_URI_LENGTH) return false;
  let ends = new Uint8Array(uri.length + 1);
  ends[0] = 1;
  for (const part of parts) {
    ends = typeof part === "string" ? afterText(part, uri, ends) : afterGap(part, uri, ends);
    if (!ends.includes(1)) return false;
  }
  return ends[uri.length] === 1;
}

function afterText(text: string, uri: string, ends: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(ends.length);
  for (let at = ends.indexOf(1); at !== -1; at = ends.indexOf(1, at + 1)) {
    if (uri.startsWith(text, at)) next[at + text.length] = 1;
  }
  return next;
}

function afterGap(gap: TemplateGap, uri: string, ends: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const begins = afterText(gap.lead, uri, ends);
  const next = gap.isOptional ? Uint8Array.from(ends) : new Uint8Array(ends.length);
  let isOpen = false;
  for (let at = 0; at < uri.length; at += 1) {
    isOpen = (isOpen || begins[at] === 1) && !gap.stop.includes(uri.charAt(at));
    if (isOpen) next[at + 1] = 1;
  }
  return next;
}

function specificity(parts: readonly Part[]): readonly number[] {
  let literal = 0;
  let gaps = 0;
  let freeGaps = 0;
  for (const part of parts) {
    if (typeof part === "string") literal += part.length;
    else {
      gaps += 1;
      if (part.stop === "") freeGaps += 1;
    }
  }
  return [literal, -freeGaps, -gaps];
}

function isHigher(left: readonly number[], right: readonly number[]): boolean {
  for (const [position, value] of left.entries()) {
    const other = right[position] ?? 0;
    if (value !== other) return value > other;
  }
  return false;
}
