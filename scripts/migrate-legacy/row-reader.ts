// Reads one row of the old database. It repairs what has one meaning, notes every repair, and rejects the rest.
import { createHash } from "node:crypto";
import { z } from "zod";
import { isUuid } from "../../src/core/ids.ts";
import { toPostgresText } from "../../src/core/postgres-text.ts";

/** The row cannot be brought over; the message goes into the rejects file. */
export class RejectedRow extends Error {}

export const rawRow = z.record(z.string(), z.unknown());
export type RawRow = z.infer<typeof rawRow>;

const jsonObject = z.record(z.string(), z.unknown());
const ZONE = /(?:z|[+-]\d\d(?::?\d\d)?)$/i;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const MAX_SKEW_MS = 5 * 60_000;

export class RowReader {
  readonly #row: RawRow;
  readonly #exportedAt: number;
  readonly repairs = new Set<string>();

  constructor(row: RawRow, exportedAt: Date) {
    this.#row = row;
    this.#exportedAt = exportedAt.getTime();
  }

  /** A text of at most `max` characters; empty counts as missing. */
  text(column: string, max: number): string | null {
    const value = this.#row[column];
    if (value === null || value === undefined || value === "") return null;
    const text = this.#repairText(column, typeof value === "string" ? value : JSON.stringify(value));
    if (text.length <= max) return text;
    this.repairs.add(`${column}: cut to ${max} characters`);
    return text.slice(0, max).toWellFormed();
  }

  requiredText(column: string, max: number): string {
    const text = this.text(column, max);
    if (text === null || text.trim() === "") throw new RejectedRow(`${column} is missing`);
    return text;
  }

  /** The row's ID if it is a UUID, else one made from it: the same in every run. */
  uuid(column: string, kind: string): string {
    return toUuid(kind, this.requiredText(column, 255));
  }

  reference(column: string): string | undefined {
    return this.text(column, 255) ?? undefined;
  }

  number(column: string): number | null {
    const value = this.#row[column];
    if (value === null || value === undefined || value === "") return null;
    const number = Number(value);
    if (Number.isFinite(number)) return number;
    this.repairs.add(`${column}: not a number, left empty`);
    return null;
  }

  /** A number within bounds; one outside is set to the nearest. */
  bounded(column: string, min: number, max: number): number | null {
    const number = this.number(column);
    if (number === null || (number >= min && number <= max)) return number;
    this.repairs.add(`${column}: set to the nearest allowed value`);
    return Math.min(max, Math.max(min, number));
  }

  count(column: string, fallback: number, max = 2_147_483_647, min = 0): number {
    return Math.trunc(this.bounded(column, min, max) ?? fallback);
  }

  flag(column: string, fallback: boolean): boolean {
    const value = this.#row[column];
    return typeof value === "boolean" ? value : fallback;
  }

  /** An enum's word in any case: SQLModel stores the names of its members. */
  word<W extends string>(column: string, words: readonly W[], fallback: W | undefined): W {
    const text = this.text(column, 100)?.toLowerCase().replaceAll("-", "_");
    const found = words.find((word) => word.replaceAll("-", "_") === text);
    if (found !== undefined) return found;
    if (fallback === undefined)
      throw new RejectedRow(`${column} is "${text ?? ""}", which is no known value`);
    if (text !== undefined) this.repairs.add(`${column}: unknown value replaced by ${fallback}`);
    return fallback;
  }

  /** Times without a zone are UTC, as the old backend wrote them. */
  time(column: string): string | null {
    const value = this.#row[column];
    if (value === null || value === undefined || value === "") return null;
    const at = typeof value === "string" ? parseTime(value) : Number.NaN;
    if (Number.isNaN(at)) {
      this.repairs.add(`${column}: not a time, left empty`);
      return null;
    }
    return new Date(at).toISOString();
  }

  /** When the row's event happened: between 2000 and the export. A clock that was ahead is set back to the export. */
  eventTime(column: string, fallback: string): string {
    const text = this.time(column) ?? this.time(fallback);
    if (text === null) throw new RejectedRow(`${column} is missing or not a time`);
    const at = Date.parse(text);
    if (at < EARLIEST_MS) throw new RejectedRow(`${column} is ${text}, before the old system existed`);
    if (at <= this.#exportedAt + MAX_SKEW_MS) return text;
    this.repairs.add(`${column}: in the future, set to the time of the export`);
    return new Date(this.#exportedAt).toISOString();
  }

  stamps(): { created_at: string; updated_at: string } {
    const created =
      this.time("created_at") === null ? this.#export() : this.eventTime("created_at", "created_at");
    const updated = this.time("updated_at") === null ? created : this.eventTime("updated_at", "updated_at");
    return { created_at: created, updated_at: updated < created ? created : updated };
  }

  object(column: string): Record<string, unknown> {
    const value = this.#parsed(column);
    const parsed = jsonObject.safeParse(value ?? {});
    if (parsed.success) return parsed.data;
    this.repairs.add(`${column}: not a JSON object, kept as text`);
    return { text: typeof value === "string" ? toPostgresText(value).slice(0, 10_000) : value };
  }

  list(column: string): unknown[] {
    const value = this.#parsed(column);
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.repairs.add(`${column}: not a list, left empty`);
    return [];
  }

  texts(column: string): string[] {
    return this.list(column).filter((value) => typeof value === "string");
  }

  /** JSON columns also contain JSON within a JSON string, and older releases stored them as text. */
  #parsed(column: string): unknown {
    const value = this.#row[column];
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }

  #repairText(column: string, value: string): string {
    const text = repairMojibake(toPostgresText(value));
    if (text !== value) this.repairs.add(`${column}: encoding repaired`);
    return text;
  }

  #export = () => new Date(this.#exportedAt).toISOString();
}

function parseTime(value: string): number {
  const text = value
    .trim()
    .replace(" ", "T")
    .replace(/(T.*[+-]\d\d)$/, "$1:00");
  return Date.parse(ZONE.test(text) && text.includes("T") ? text : `${text}Z`);
}

export function toUuid(kind: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  const hex = createHash("sha256").update(`legacy:${kind}:${id}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What begins a character of several UTF-8 bytes, read as Windows-1252, with what continues it. */
const MOJIBAKE = /[ÂÃÅâ][\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]/;

/** Undoes one reading of UTF-8 as Windows-1252 ("MÃ¼ller"), if the text as a whole is such a reading. */
export function repairMojibake(text: string): string {
  if (!MOJIBAKE.test(text)) return text;
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const byte = code < 0x100 ? code : WINDOWS_BYTES.get(code);
    if (byte === undefined) return text;
    bytes[at] = byte;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return text;
  }
}

const WINDOWS_BYTES = new Map(
  Array.from({ length: 32 }, (_, at) => {
    const byte = 0x80 + at;
    return [new TextDecoder("windows-1252").decode(new Uint8Array([byte])).charCodeAt(0), byte] as const;
  }),
);
