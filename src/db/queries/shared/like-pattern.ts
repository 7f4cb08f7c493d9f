/** The pattern for `ilike` that finds a text anywhere, with the characters taken literally. */
export const likePattern = (text: string) => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
