/**
 * Scans the definitions of a server for text that is addressed to the model and not to the user: hidden
 * text, instructions that work around the user, requests for secrets. A finding is a reason to look, never a verdict;
 * rules that honest descriptions trip over are worth nothing, so tests hold both sides.
 */

import type { Severity } from "../enums.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { isMembers } from "../mcp/lossless-json.ts";
import { MAX_SCANNED_LENGTH, MAX_SCANNED_TEXT_LENGTH } from "../size-limits.ts";
import { escapeHiddenCharacters, findHiddenCharacters, normalizeText } from "./hidden-characters.ts";
import { PHRASES } from "./injection-phrases.ts";

export interface ScanFinding {
  readonly rule: string;
  readonly severity: Severity;
  /** A JSON Pointer into the definition. */
  readonly place: string;
  /** Around it, with what cannot be seen spelled out. */
  readonly excerpt: string;
}

const MAX_FINDINGS = 20;
const EXCERPT_MARGIN = 80;

/** Pictures hold nothing to read. */
const SKIPPED = new Set(["icons"]);

export function scanDefinition(definition: JsonObject): ScanFinding[] {
  const found: ScanFinding[] = [];
  let left = MAX_SCANNED_LENGTH;
  const look = (text: string, place: string, isName: boolean): void => {
    const part = text.slice(0, Math.min(left, MAX_SCANNED_TEXT_LENGTH));
    left -= text.length;
    found.push(...scanText(part, place, isName));
    if (part.length < text.length) found.push(reportUnscanned(place, text));
  };
  const visit = (value: unknown, place: string, isName: boolean): void => {
    if (found.length >= MAX_FINDINGS || left <= 0) return;
    if (typeof value === "string") {
      look(value, place, isName);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, `${place}/${index}`, false);
    } else if (isMembers(value)) {
      for (const [member, inner] of Object.entries(value)) {
        if (place === "" && SKIPPED.has(member)) continue;
        const inside = `${place}/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        // Names of parameters are read by the model as well.
        if (place !== "") look(member, inside, true);
        visit(inner, inside, place === "" && member === "name");
      }
    }
  };
  visit(definition, "", false);
  return unique(found).slice(0, MAX_FINDINGS);
}

/** Longer than any honest definition, and longer than is looked through: to be read by a person. */
const reportUnscanned = (place: string, text: string): ScanFinding => ({
  rule: "too-long-to-scan",
  severity: "medium",
  place,
  excerpt: excerpt(text, 0),
});

function scanText(text: string, place: string, isName: boolean): ScanFinding[] {
  const unseen = findHiddenCharacters(text).map(({ rule, severity, at }) => ({
    rule,
    severity,
    place,
    excerpt: excerpt(text, at),
  }));
  const script = mixedScripts(text, isName);
  const mixed = script === undefined ? [] : [{ ...script, place }];
  return [...unseen, ...mixed, ...(isName ? [] : findPhrases(text, place))];
}

function findPhrases(text: string, place: string): ScanFinding[] {
  // Composed letters may become several, and again no more is looked through than the limit.
  const read = normalizeText(text).slice(0, MAX_SCANNED_TEXT_LENGTH);
  return PHRASES.flatMap(({ rule, severity, find }) => {
    const at = find(read);
    return at === undefined ? [] : [{ rule, severity, place, excerpt: excerpt(read, at) }];
  });
}

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
const LATIN = /\p{Script=Latin}/u;
/** Scripts with letters that look like Latin ones. */
const LOOKALIKES = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
/** Only words that are nearly Latin: "SMSки" and "Δt" are how people write. */
const NEARLY_LATIN =
  /^[\p{Script=Latin}\p{N}_]{2,}\p{Script=Cyrillic}{1,2}[\p{Script=Latin}]{2}[\p{Script=Latin}\p{N}_]*$/u;

function mixedScripts(text: string, isName: boolean): Omit<ScanFinding, "place"> | undefined {
  if (!LOOKALIKES.test(text)) return undefined;
  for (const [word] of text.matchAll(WORD)) {
    const isMixed = isName ? LATIN.test(word) && LOOKALIKES.test(word) : NEARLY_LATIN.test(word);
    if (isMixed)
      return { rule: "mixed-scripts", severity: isName ? "high" : "low", excerpt: escapeWord(word) };
  }
  return undefined;
}

/** Makes Latin lookalike letters distinguishable. */
const escapeWord = (word: string) =>
  Array.from(word, (letter) =>
    LOOKALIKES.test(letter)
      ? `${letter}⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`
      : letter,
  ).join("");

function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - EXCERPT_MARGIN / 2);
  const part = text.slice(from, from + 2 * EXCERPT_MARGIN).replace(/\s+/g, " ");
  return `${from > 0 ? "…" : ""}${escapeHiddenCharacters(part)}${from + 2 * EXCERPT_MARGIN < text.length ? "…" : ""}`;
}

function unique(findings: readonly ScanFinding[]): ScanFinding[] {
  return [...new Map(findings.map((finding) => [`${finding.rule} ${finding.place}`, finding])).values()];
}
