/** Text as Postgres takes it: it knows no NUL, and half of a surrogate pair is no character (JSON can carry both). */
export const storableText = (text: string): string => text.replaceAll("\u0000", "\ufffd").toWellFormed();

/** Whether a text is kept as it is. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000");

/** The same of everything inside. */
export function storable(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null) return value;
  return storableObject(value);
}

export function storableObject(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [storableText(name), storable(inner)]),
  );
}
