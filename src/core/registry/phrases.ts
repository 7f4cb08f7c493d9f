/**
 * Phrases that have no business in a description, as patterns over text that was folded to plain letters. Each is
 * narrow on purpose: "ignores previous errors" and "reads the .env file" are honest work.
 */
import type { Severity } from "../vocabulary.ts";

export interface Phrase {
  readonly rule: string;
  readonly severity: Severity;
  readonly pattern: RegExp;
}

const SECRETS = String.raw`(?:~?/?\.ssh\b|id_(?:rsa|ed25519|ecdsa)\b|~?/?\.aws/credentials|\.netrc\b|\.npmrc\b|\.kube/config|/etc/(?:passwd|shadow)|mcp\.json|claude_desktop_config|(?<![\w.])\.env\b|private keys?\b|system prompt)`;
const GIVES = `(?:pass|send|include|put|append|attach|forward|upload|provide|paste|place|insert|encode|post|add)`;
const TALK = `(?:conversation|chat(?: history| log)?|message history|(?:previous|earlier|all) messages|system prompt|user'?s (?:data|files|credentials|secrets))`;

export const PHRASES: readonly Phrase[] = [
  {
    rule: "overrides-instructions",
    severity: "high",
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\b(?:\s+\w+){0,3}?\s+(?:previous|prior|above|earlier|existing|preceding|original|system|safety|other)\s+(?:\w+\s+)?(?:instruction|prompt|rule|direction|guideline|polic(?:y|ies)|message)s?\b/i,
  },
  {
    rule: "hides-from-user",
    severity: "high",
    pattern:
      /\b(?:do\s+not|don'?t|never|must\s+not|should\s+not|avoid|without)\s+(?:ever\s+)?(?:tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|alert(?:ing)?|mention(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|let(?:ting)?)\b[^.!?\n]{0,40}?\b(?:the\s+|your\s+)?(?:end[- ])?(?:users?|humans?|person)\b(?!['’]s)/i,
  },
  {
    rule: "hides-from-user",
    severity: "high",
    pattern:
      /\b(?:keep|kept|do)\s+(?:this|it|that)\s+(?:a\s+)?(?:secret|hidden|silently?|quiet)\b[^.!?\n]{0,40}\b(?:user|human)/i,
  },
  {
    rule: "instruction-block",
    severity: "high",
    pattern:
      /<\s*\/?\s*(?:important|secret|hidden|critical|override|admin[_ -]?instructions?|system[_ -]?(?:prompt|instructions?|message|override))\s*>/i,
  },
  {
    rule: "instruction-block",
    severity: "high",
    pattern:
      /<\|(?:im_start|im_end|system|endoftext|begin_of_text|start_header_id|eot_id)\|>|\[\/?INST\]|<<\/?SYS>>/i,
  },
  {
    rule: "asks-for-secrets",
    severity: "high",
    pattern: new RegExp(
      String.raw`\b(?:read|open|cat|get|fetch|load|access|retrieve|look up|contents? of)\b[^\n]{0,120}?${SECRETS}[\s\S]{0,200}?\b${GIVES}\b`,
      "i",
    ),
  },
  {
    rule: "asks-for-secrets",
    severity: "high",
    pattern: new RegExp(
      String.raw`\b${GIVES}\b[^.!?\n]{0,40}\b(?:entire|full|whole|complete|contents? of|all of)\b[^.!?\n]{0,40}(?:${TALK}|${SECRETS})`,
      "i",
    ),
  },
  {
    rule: "sends-elsewhere",
    severity: "high",
    pattern: new RegExp(
      String.raw`\b(?:send|forward|post|upload|exfiltrate|leak|transmit|bcc|cc)\b[^.!?\n]{0,60}(?:${TALK}|${SECRETS}|api keys?|credentials|passwords?|access tokens?|environment variables)[^.!?\n]{0,60}\bto\b[^.!?\n]{0,20}(?:https?://|[\w.+-]+@[\w-]+\.|attacker|external|remote|our)`,
      "i",
    ),
  },
  {
    rule: "instructs-other-tools",
    severity: "medium",
    pattern:
      /\b(?:when(?:ever)?|if|before|after|every time)\b[^.!?\n]{0,60}\b(?:another|other|any other|different|send_?email|every)\s+tools?\b[^.!?\n]{0,80}\b(?:must|always|instead|change|replace|add|modify|redirect)\b/i,
  },
  {
    rule: "picture-that-tells",
    severity: "medium",
    pattern: /!\[[^\]]*\]\(https?:\/\/[^)]*(?:\{[^)]*\}|\$\{|<[^)]*>|%s)[^)]*\)/i,
  },
  {
    rule: "text-out-of-sight",
    severity: "medium",
    pattern: /\S(?:[ \t\u00a0]{200,}|(?:\r?\n[ \t]*){40,})\S/,
  },
  { rule: "hidden-comment", severity: "low", pattern: /<!--[\s\S]{20,}?-->/ },
  { rule: "encoded-text", severity: "low", pattern: /(?:[A-Za-z0-9+/]{4}){75,}={0,2}/ },
];
