/** Reads values as identity providers send them, beyond the types of RFC 7643. */
import { ScimError } from "./scim-error.ts";

export type ScimObject = Readonly<Record<string, unknown>>;

export const isScimObject = (value: unknown): value is ScimObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Attribute names are case-insensitive (RFC 7643, section 2.1). */
export function readMember(object: ScimObject, name: string): unknown {
  const wanted = name.toLowerCase();
  return Object.entries(object).find(([key]) => key.toLowerCase() === wanted)?.[1];
}

export function readText(value: unknown, name: string, max: number): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string" || value.trim() === "" || value.length > max) {
    throw new ScimError(400, `${name} must be a text of at most ${max} characters.`, "invalidValue");
  }
  return value.trim();
}

/** Entra sends "True" and "False". */
export function readBoolean(value: unknown, name: string): boolean {
  const text = typeof value === "string" ? value.toLowerCase() : value;
  if (text === true || text === "true") return true;
  if (text === false || text === "false") return false;
  throw new ScimError(400, `${name} must be true or false.`, "invalidValue");
}

/** The primary one of a multi-valued attribute, or else its first; also where it was sent as a single value. */
export function readPrimary(value: unknown): string | undefined {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const objects = entries.filter(isScimObject);
  const primary = objects.find((entry) => String(readMember(entry, "primary")).toLowerCase() === "true");
  const chosen = primary ?? objects[0];
  const found = chosen === undefined ? entries[0] : readMember(chosen, "value");
  return typeof found === "string" && found.trim() !== "" ? found.trim() : undefined;
}

/** The ids of `[{ "value": … }]`, of one such object, or of plain texts. */
export function readReferences(value: unknown, max: number): string[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length > max)
    throw new ScimError(400, `At most ${max} members can be sent at once.`, "tooMany");
  return entries.map((entry) => {
    const id = isScimObject(entry) ? readMember(entry, "value") : entry;
    if (typeof id === "string" && id !== "") return id;
    throw new ScimError(400, "members must have a value each.", "invalidValue");
  });
}
