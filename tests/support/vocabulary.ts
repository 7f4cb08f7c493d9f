/**
 * Finds words in a public text that the language guide rules out: personification, British spelling and the private
 * terms of earlier versions.
 */
const BANNED =
  /\b(?:whoever|whomever|whosoever|somebody|nobody|anybody|everybody|meanwhile|catalogues?|organisations?|e-mails?|cancelled|cancelling|colours?|favours?|behaviours?|utilisation|sanitis\w+|synchronis\w+|authoris\w+|(?:is|are|was|were|be) told|by hand|looked after|given a rest|came off|half within|shut out|let in|taken in|makes no sense|one a line|parted by|those who run|who are you|further notice|switched (?:on|off)|is gone\.|there is no such|has forgotten|ask its owner|tell its owner)(?![\w-])/gi;

/** Returns the banned words of a text, each once, in lower case. */
export const findBannedWords = (text: string): string[] => [
  ...new Set([...text.matchAll(BANNED)].map(([word]) => word.toLowerCase())),
];
