/** Returns the text with its first character in upper case, for names that begin a sentence. */
export const capitalize = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
