/**
 * Makes a message fit to be written down: what is a secret by its name or by its looks is replaced, long texts are cut,
 * deep and wide things pruned. It happens in the request itself, so that no queue, table or console sees what it removes.
 */
import { isSecretName } from "./redact-secrets.ts";

export interface SanitizeOptions {
  /** Further names of members whose values are replaced, whatever they hold; compared without regard to case. */
  readonly fields?: readonly string[];
  /** Replaces email addresses too. */
  readonly emails?: boolean;
}

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

export const REDACTED = "[redacted]";
const CUT = "… [cut]";

const MAX_CHARACTERS = 1000;
const MAX_ITEMS = 50;
const MAX_DEPTH = 12;

/** All are linear in the length of the text, which is untrusted. */
const SECRETS: readonly RegExp[] = [
  /\bmcp_[0-9a-f]{32}_[A-Za-z0-9_-]{20,}/g,
  // JSON Web Tokens
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g,
  /\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  // keys with a prefix of their issuer: OpenAI, GitHub, Slack, AWS, Google, Stripe, npm
  /\b(?:sk|pk|rk)[-_](?:[a-z]+[-_])?[A-Za-z0-9_-]{16,}/g,
  /\b(?:gh[opsur]_|github_pat_|npm_|glpat-)[A-Za-z0-9_-]{16,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
];
const CREDENTIALS_IN_URL = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:]{0,200}:[^\s/@]{1,200}@/gi;
/** In texts for people and in logs: `password: …`, `"api_key":"…"`. */
const SECRET_ASSIGNED =
  /((?:password|passwd|passphrase|secret|(?<!progress)token|api[_-]?key|authorization|cookie)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)[^\s"'\\,;&}]{4,}/gi;
const SECRET_IN_QUERY = /([?&;](?:[a-z_-]*(?:token|key|secret|password|signature|sig|code))=)[^&#;\s]+/gi;
const EMAIL = /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g;
const DIGITS = /\b\d(?:[ -]?\d){12,40}\b/g;

export function sanitizePayload(value: unknown, options: SanitizeOptions = {}): Json {
  const fields = new Set((options.fields ?? []).map((field) => field.toLowerCase()));
  const clean = (inner: unknown, depth: number): Json => {
    if (typeof inner === "string")
      return isJson(inner) ? cleanInside(inner, depth) : sanitizeText(inner, options);
    if (typeof inner === "number") return isCardNumber(String(inner)) ? REDACTED : inner;
    if (typeof inner === "boolean" || inner === null || inner === undefined) return inner ?? null;
    if (depth >= MAX_DEPTH) return CUT;
    if (Array.isArray(inner)) {
      const kept = inner.slice(0, MAX_ITEMS).map((item) => clean(item, depth + 1));
      return inner.length > MAX_ITEMS ? [...kept, CUT] : kept;
    }
    if (typeof inner !== "object") return null;
    const members = Object.entries(inner);
    const kept = members
      .slice(0, MAX_ITEMS)
      .map(([name, member]): [string, Json] => [
        sanitizeText(name, options),
        isSecretName(name) || fields.has(name.toLowerCase()) ? REDACTED : clean(member, depth + 1),
      ]);
    return Object.fromEntries(members.length > MAX_ITEMS ? [...kept, [CUT, null]] : kept);
  };
  /** Tools answer with JSON as text; its members have names too. */
  const cleanInside = (text: string, depth: number): string => {
    const parsed = depth < MAX_DEPTH ? parseJson(text) : undefined;
    const inner = parsed === undefined ? text : JSON.stringify(clean(parsed, depth + 1));
    return sanitizeText(inner, options);
  };
  return clean(value, 0);
}

const MAX_EMBEDDED_JSON = 100_000;

const isJson = (text: string) => text.length <= MAX_EMBEDDED_JSON && /^\s*[[{]/.test(text);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Too short for any pattern, and for the marks of those that may be shorter. */
const HARMLESS = /^[^@=:]{0,12}$/;
/** The digits of an identifier may look like a card number. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** For texts that stand alone: URIs, messages of errors. */
export function sanitizeText(text: string, { emails = false }: SanitizeOptions = {}): string {
  if (HARMLESS.test(text) || UUID.test(text)) return text;
  // A cut must not leave half a secret that no pattern matches.
  const looked = text.slice(0, MAX_CHARACTERS * 4);
  let clean = looked.replace(CREDENTIALS_IN_URL, `$1${REDACTED}@`).replace(SECRET_IN_QUERY, `$1${REDACTED}`);
  clean = clean.replace(SECRET_ASSIGNED, `$1${REDACTED}`);
  for (const pattern of SECRETS) clean = clean.replace(pattern, REDACTED);
  clean = clean.replace(DIGITS, (digits) => (containsCardNumber(digits) ? REDACTED : digits));
  if (emails) clean = clean.replace(EMAIL, REDACTED);
  return clean.length > MAX_CHARACTERS ? clean.slice(0, MAX_CHARACTERS) + CUT : clean;
}

/** Other numbers may stand around it, so every run of whole groups is looked at. */
function containsCardNumber(text: string): boolean {
  const groups = text.split(/[ -]/);
  return groups.some((_, start) =>
    groups.some((_, end) => end >= start && isCardNumber(groups.slice(start, end + 1).join(""))),
  );
}

/** By its check digit (ISO/IEC 7812-1), so that most long numbers are left alone. */
function isCardNumber(digits: string): boolean {
  if (!/^[2-6]\d{12,18}$/.test(digits)) return false;
  let sum = 0;
  for (const [position, digit] of [...digits].reverse().entries()) {
    const doubled = Number(digit) * (position % 2 === 0 ? 1 : 2);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
