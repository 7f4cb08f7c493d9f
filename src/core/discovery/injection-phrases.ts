/**
 * Phrases that have no business in a description, as patterns over text that was folded to plain letters. Each is
 * narrow on purpose: "ignores previous errors" and "reads the .env file" are honest work.
 */
import type { Severity } from "../enums.ts";
import { findSequence, type PhraseGap, type PhraseStep } from "./phrase-sequence.ts";

export interface Phrase {
  readonly rule: string;
  readonly severity: Severity;
  /** Where in the text it begins; undefined where it is not in it. Takes linear time, whatever the text. */
  readonly find: (text: string) => number | undefined;
}

const SECRETS = String.raw`(?:~?/?\.ssh\b|id_(?:rsa|ed25519|ecdsa)\b|~?/?\.aws/credentials|\.netrc\b|\.npmrc\b|\.kube/config|/etc/(?:passwd|shadow)|mcp\.json|claude_desktop_config|(?<![\w.])\.env\b|private keys?\b|system prompt)`;
const GIVES = `(?:pass|send|include|put|append|attach|forward|upload|provide|paste|place|insert|encode|post|add)`;
const CONVERSATION = `(?:conversation|chat(?: history| log)?|message history|(?:previous|earlier|all) messages|system prompt|user'?s (?:data|files|credentials|secrets))`;

/** Of these, only expressions whose time is linear, with every gap bounded: tests/security/regexes.node.test.ts. */
function matching(pattern: RegExp): Phrase["find"] {
  return (text) => pattern.exec(text)?.index;
}

/** Longer URLs are cut: suspicious parts are near their beginning. */
const MAX_ADDRESS_LENGTH = 2000;
const PICTURE = /!\[[^\]]{0,200}\]\(https?:\/\//gi;

/** A picture of the web whose address has a place to fill in. */
function findExfiltratingImage(text: string): number | undefined {
  for (const { index, 0: opening } of text.matchAll(PICTURE)) {
    const start = index + opening.length;
    const address = text.slice(start, start + MAX_ADDRESS_LENGTH);
    const end = address.indexOf(")");
    if (end !== -1 && hasPlaceholder(address.slice(0, end))) return index;
  }
  return undefined;
}

function hasPlaceholder(address: string): boolean {
  const holds = (open: string, close: string) => {
    const at = address.indexOf(open);
    return at !== -1 && address.indexOf(close, at) !== -1;
  };
  return address.includes("%s") || address.includes("${") || holds("{", "}") || holds("<", ">");
}

const MIN_ENCODED_LENGTH = 300;

/** Every run is looked at once, where an expression with a minimum would try again at each of its letters. */
function findEncodedText(text: string): number | undefined {
  for (const { index, 0: run } of text.matchAll(/[A-Za-z0-9+/]+/g)) {
    if (run.length >= MIN_ENCODED_LENGTH) return index;
  }
  return undefined;
}

const MIN_COMMENT_LENGTH = 20;

function findComment(text: string): number | undefined {
  const start = text.indexOf("<!--");
  if (start === -1) return undefined;
  return text.lastIndexOf("-->") - start - "<!--".length >= MIN_COMMENT_LENGTH ? start : undefined;
}

/** Words in a row, each within so many characters behind the ones before it. */
function following(
  first: string,
  ...rest: readonly (readonly [within: number, gap: PhraseGap, words: string])[]
): Phrase["find"] {
  const start = new RegExp(first, "gi");
  const steps = rest.map(
    ([within, stops, words]): PhraseStep => ({ within, stops, words: new RegExp(words, "gi") }),
  );
  return (text) => findSequence(text, start, steps);
}

export const PHRASES: readonly Phrase[] = [
  {
    rule: "overrides-instructions",
    severity: "high",
    find: matching(
      /\b(?:ignore|disregard|forget|override|bypass)\b(?:\s{1,40}\w{1,40}){0,3}?\s{1,40}(?:previous|prior|above|earlier|existing|preceding|original|system|safety|other)\s{1,40}(?:\w{1,40}\s{1,40})?(?:instruction|prompt|rule|direction|guideline|polic(?:y|ies)|message)s?\b/i,
    ),
  },
  {
    rule: "hides-from-user",
    severity: "high",
    find: following(
      String.raw`\b(?:do\s{1,40}not|don'?t|never|must\s{1,40}not|should\s{1,40}not|avoid|without)\s{1,40}(?:ever\s{1,40})?(?:tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|alert(?:ing)?|mention(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|let(?:ting)?)\b`,
      [40, "sentence", String.raw`\b(?:(?:end[- ])?(?:users?|humans?|person))\b(?!['’]s)`],
    ),
  },
  {
    rule: "hides-from-user",
    severity: "high",
    find: following(
      String.raw`\b(?:keep|kept|do)\s{1,40}(?:this|it|that)\s{1,40}(?:a\s{1,40})?(?:secret|hidden|silently?|quiet)\b`,
      [40, "sentence", String.raw`\b(?:user|human)`],
    ),
  },
  {
    rule: "instruction-block",
    severity: "high",
    find: matching(
      /<\s{0,40}\/?\s{0,40}(?:important|secret|hidden|critical|override|admin[_ -]?instructions?|system[_ -]?(?:prompt|instructions?|message|override))\s{0,40}>/i,
    ),
  },
  {
    rule: "instruction-block",
    severity: "high",
    find: matching(
      /<\|(?:im_start|im_end|system|endoftext|begin_of_text|start_header_id|eot_id)\|>|\[\/?INST\]|<<\/?SYS>>/i,
    ),
  },
  {
    rule: "asks-for-secrets",
    severity: "high",
    find: following(
      String.raw`\b(?:read|open|cat|get|fetch|load|access|retrieve|look up|contents? of)\b`,
      [120, "line", SECRETS],
      [200, "text", String.raw`\b${GIVES}\b`],
    ),
  },
  {
    rule: "asks-for-secrets",
    severity: "high",
    find: following(
      String.raw`\b${GIVES}\b`,
      [40, "sentence", String.raw`\b(?:entire|full|whole|complete|contents? of|all of)\b`],
      [40, "sentence", `(?:${CONVERSATION}|${SECRETS})`],
    ),
  },
  {
    rule: "sends-elsewhere",
    severity: "high",
    find: following(
      String.raw`\b(?:send|forward|post|upload|exfiltrate|leak|transmit|bcc|cc)\b`,
      [
        60,
        "sentence",
        `(?:${CONVERSATION}|${SECRETS}|api keys?|credentials|passwords?|access tokens?|environment variables)`,
      ],
      [60, "sentence", String.raw`\bto\b`],
      [
        20,
        "sentence",
        String.raw`(?:https?://|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.|attacker|external|remote|our)`,
      ],
    ),
  },
  {
    rule: "instructs-other-tools",
    severity: "medium",
    find: following(
      String.raw`\b(?:when(?:ever)?|if|before|after|every time)\b`,
      [60, "sentence", String.raw`\b(?:another|other|any other|different|send_?email|every)\s{1,40}tools?\b`],
      [80, "sentence", String.raw`\b(?:must|always|instead|change|replace|add|modify|redirect)\b`],
    ),
  },
  { rule: "picture-that-tells", severity: "medium", find: findExfiltratingImage },
  {
    rule: "text-out-of-sight",
    severity: "medium",
    find: matching(/\S(?:[ \t\u00a0]{200,}|(?:\r?\n[ \t]{0,200}){40,})\S/),
  },
  { rule: "hidden-comment", severity: "low", find: findComment },
  { rule: "encoded-text", severity: "low", find: findEncodedText },
];
