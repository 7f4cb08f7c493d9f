/**
 * Characters that a person does not see and a model reads. Several have honest uses (joining emoji, Persian and Indic
 * letters, flags, right-to-left text), so what counts is where they stand.
 */
import type { Severity } from "../enums.ts";

export interface HiddenCharacter {
  readonly rule: "hidden-text" | "zero-width" | "bidi" | "control";
  readonly severity: Severity;
  readonly at: number;
}

const TAG_FIRST = 0xe0000;
const TAG_LAST = 0xe007f;
const BLACK_FLAG = 0x1f3f4;
const JOINERS = new Set([0x200c, 0x200d]);
const ZERO_WIDTH = new Set([
  0x200b, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xfeff, 0x180e, 0x115f, 0x1160, 0x3164, 0xffa0,
]);
const DIRECTION_MARKS = new Set([0x200e, 0x200f, 0x061c]);
const OVERRIDES = new Set([0x202d, 0x202e]);

/** What a joiner may stand behind: pictures, and scripts whose letters join. */
const JOINED_SCRIPTS =
  "Arabic Syriac Nko Mongolian Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Khmer Myanmar";
const JOINING = new RegExp(
  String.raw`\p{Extended_Pictographic}|\p{Emoji_Modifier}|${JOINED_SCRIPTS.split(" ")
    .map((script) => String.raw`\p{Script=${script}}`)
    .join("|")}`,
  "u",
);
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const IDEOGRAPH = /\p{Unified_Ideograph}/u;

/** Quick for the text that nearly everything is. */
const UNUSUAL = /[^\t\n\r -~]/;

/** Ranges of characters that show nothing, or that change how others show. */
const HIDDEN: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff],
];

const isHidden = (code: number) => HIDDEN.some(([first, last]) => code >= first && code <= last);

/** At most one of each rule: where it was first seen. */
export function findHiddenCharacters(text: string): HiddenCharacter[] {
  if (!UNUSUAL.test(text)) return [];
  const found = new Map<string, HiddenCharacter>();
  const isRightToLeft = RIGHT_TO_LEFT.test(text);
  let before = 0;
  let inFlag = false;
  let at = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isTag = code >= TAG_FIRST && code <= TAG_LAST;
    inFlag = isTag ? inFlag || before === BLACK_FLAG : false;
    const known = isHidden(code)
      ? classifyCharacter(code, before, isTag && inFlag, isRightToLeft)
      : undefined;
    if (known !== undefined && !found.has(known.rule)) found.set(known.rule, { ...known, at });
    // Variation selectors stand between a sign and its joiner.
    if (code !== 0xfe0f) before = code;
    at += character.length;
  }
  return [...found.values()];
}

function classifyCharacter(
  code: number,
  before: number,
  inFlag: boolean,
  isRightToLeft: boolean,
): Omit<HiddenCharacter, "at"> | undefined {
  const previous = before === 0 ? "" : String.fromCodePoint(before);
  if (inFlag) return undefined;
  if (code >= TAG_FIRST && code <= TAG_LAST) return { rule: "hidden-text", severity: "critical" };
  // Bytes can be written in variation selectors; the honest ones of this range follow an ideograph.
  if (code >= 0xe0100 && code <= 0xe01ef && !IDEOGRAPH.test(previous)) {
    return { rule: "hidden-text", severity: "critical" };
  }
  if (code >= 0xfe00 && code <= 0xfe0f && isVariationSelector(before)) {
    return { rule: "hidden-text", severity: "high" };
  }
  if (JOINERS.has(code)) {
    return JOINING.test(previous) ? undefined : { rule: "zero-width", severity: "medium" };
  }
  if (ZERO_WIDTH.has(code)) return { rule: "zero-width", severity: "medium" };
  if (OVERRIDES.has(code)) return { rule: "bidi", severity: "high" };
  const turns = (code >= 0x202a && code <= 0x202c) || (code >= 0x2066 && code <= 0x2069);
  if (turns) return isRightToLeft ? undefined : { rule: "bidi", severity: "medium" };
  if (DIRECTION_MARKS.has(code)) return isRightToLeft ? undefined : { rule: "bidi", severity: "low" };
  if (isControl(code)) return { rule: "control", severity: code === 0x1b ? "medium" : "low" };
  return undefined;
}

const isVariationSelector = (code: number) => code >= 0xfe00 && code <= 0xfe0e;

const isControl = (code: number) =>
  (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || (code >= 0x7f && code <= 0x9f);

/** With names in place of what cannot be seen; the text in tag characters is written out. */
export function escapeHiddenCharacters(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (!isHidden(code)) return character;
    if (code > TAG_FIRST + 0x1f && code < TAG_LAST) return `⟨${String.fromCharCode(code - TAG_FIRST)}⟩`;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  }).join("");
}

/** As a model may understand it: without what is not seen, letters from look-alike blocks folded to plain ones. */
export function normalizeText(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  const seen = Array.from(text).filter((character) => !isHidden(character.codePointAt(0) ?? 0));
  return seen.join("").normalize("NFKC");
}
