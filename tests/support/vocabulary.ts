/**
 * Finds words in a public text that the language guide rules out: personification, British spelling and the private
 * terms of earlier versions.
 */
const BANNED =
  /\b(?:whoever|whomever|whosoever|somebody|nobody|anybody|everybody|meanwhile|catalogues?|organisations?|e-mails?|cancelled|cancelling|colours?|favours?|behaviours?|utilisation|sanitis\w+|synchronis\w+|authoris\w+|(?:is|are|was|were|be) told|by hand|looked after|given a rest|came off|half within|shut out|let in|taken in|makes no sense|one a line|parted by|those who run|who are you|further notice|switched (?:on|off)|is gone\.|there is no such|has forgotten|ask its owner|tell its owner)(?![\w-])/gi;

/** Further words that comments avoid: personification and the private terms of earlier versions. */
const BANNED_IN_COMMENTS =
  /\b(?:told|heard|hears?|houses?|doors?|doorbell|purse|at hand|out of hand|in hand|befell|remembers|forgets|wants to know)\b/gi;

const findWords = (text: string, words: RegExp): string[] => [
  ...new Set([...text.matchAll(words)].map(([word]) => word.toLowerCase())),
];

/** Returns the banned words of a public text, each once, in lower case. */
export const findBannedWords = (text: string): string[] => findWords(text, BANNED);

/** Returns the banned words of a comment. Text in backticks and paths are names, not words. */
export function findBannedCommentWords(comment: string): string[] {
  const prose = comment.replace(/`[^`]*`/g, "").replace(/\b[\w-]+\/[\w./-]+/g, "");
  return [...findWords(prose, BANNED), ...findWords(prose, BANNED_IN_COMMENTS)];
}
