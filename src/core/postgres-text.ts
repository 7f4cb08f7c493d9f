/** Text as Postgres accepts it: without NUL and unpaired surrogates, both of which JSON can contain. */
export const toPostgresText = (text: string): string => text.replaceAll("\u0000", "\ufffd").toWellFormed();

/** Whether a text is kept as it is. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000");

/** The same of everything inside. */
export function toPostgresValue(value: unknown): unknown {
  if (typeof value === "string") return toPostgresText(value);
  if (Array.isArray(value)) return value.map(toPostgresValue);
  if (typeof value !== "object" || value === null) return value;
  return toPostgresObject(value);
}

export function toPostgresObject(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [toPostgresText(name), toPostgresValue(inner)]),
  );
}
