/**
 * Finds words in a public text that the language guide rules out: personification, British spelling and the private
 * terms of earlier versions.
 */
const BANNED =
  /\b(?:whoever|whomever|whosoever|somebody|nobody|anybody|everybody|meanwhile|catalogues?|organisations?|e-mails?|cancelled|cancelling|colours?|favours?|behaviours?|utilisation|sanitis\w+|synchronis\w+|authoris\w+|(?:is|are|was|were|be) told|by hand|looked after|given a rest|came off|half within|shut out|let in|taken in|makes no sense|one a line|parted by|those who run|who are you|further notice|switched (?:on|off)|is gone\.|there is no such|has forgotten|ask its owner|tell its owner)(?![\w-])/gi;

/** Verbs of people, used of programs, and pronouns for persons who have a name in the glossary (member, caller, client). */
const PERSONIFICATION =
  /(?<![\w-])(?:asks?|asked|asking|tells?|told|telling|says?|said|saying|knows?|knew|wants?|wanted|hears?|heard|speaks?|spoken|thinks?|remembers?|remembered|forgets?|forgot|forgotten|learns?|learned|lets? (?:go|in)|introduces? (?:itself|themselves)|pretends|lies|patience|patient|strangers?)(?![\w-])/gi;

/** Terms that contain such a word, and are removed before the search: each is addressed to a person or names a fixed term. */
const PERMITTED: readonly RegExp[] = [
  // The next step of an error message, addressed to a person.
  /\bask (?:an?|your|the) (?:organization |gateway )?(?:admin|administrator|operator)s?\b/gi,
  /\bask for (?:a new one|an invitation|confirmation)\b/gi,
  // Elicitation and consent: a question to a person, answered in a form.
  /(?<![\w-])(?:asks?|asked) (?:the|its) (?:user|member)s?\b|\b(?:user|member) is asked\b/gi,
  // The usual name of the link on sign-in pages.
  /\bforgot your password\b|\bforgot(?:ten)?[- ]passwords?\b/gi,
  // Samples of prompt injection, which discovery detects.
  /\b(?:do not|need to) tell the (?:user|server)\b/gi,
];

/** Further words that comments avoid: the private terms of earlier versions. */
const BANNED_IN_COMMENTS = /\b(?:houses?|doors?|doorbell|purse|at hand|out of hand|in hand|befell)\b/gi;

const findWords = (text: string, words: RegExp): string[] => [
  ...new Set([...text.matchAll(words)].map(([word]) => word.toLowerCase())),
];

const withoutPermitted = (text: string): string =>
  PERMITTED.reduce((rest, permitted) => rest.replace(permitted, ""), text);

/** Returns the banned words of a public text, each once, in lower case. */
export function findBannedWords(text: string): string[] {
  const rest = withoutPermitted(text);
  return [...findWords(rest, BANNED), ...findWords(rest, PERSONIFICATION)];
}

/** Returns the banned words of a comment, or of the prose of a document. Text in backticks and paths are names, not words. */
export function findBannedProseWords(comment: string): string[] {
  const prose = comment.replace(/`[^`]*`/g, "").replace(/\b[\w-]+\/[\w./-]+/g, "");
  return [...findBannedWords(prose), ...findWords(prose, BANNED_IN_COMMENTS)];
}
