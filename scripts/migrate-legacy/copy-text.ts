// Rows in PostgreSQL's text format of COPY: values between tabs, one row a line.
import { toPostgresText, toPostgresValue } from "../../src/core/postgres-text.ts";
import type { Cell } from "./target-tables.ts";

const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const UNESCAPED: Readonly<Record<string, string>> = { n: " ", r: " ", t: " ", b: " ", f: " ", v: " " };

export function formatCopyLine(values: readonly Cell[]): string {
  return `${values.map(formatCell).join("\t")}\n`;
}

function formatCell(value: Cell): string {
  if (value === null) return "\\N";
  if (typeof value === "string") return escapeText(toPostgresText(value));
  if (typeof value !== "object") return String(value);
  if ("json" in value) return escapeText(JSON.stringify(toPostgresValue(value.json)));
  return escapeText(`{${value.map((element) => formatElement(String(element))).join(",")}}`);
}

const formatElement = (text: string) => `"${toPostgresText(text).replaceAll(/["\\]/g, "\\$&")}"`;

const escapeText = (text: string) => text.replaceAll(/[\\\n\r\t]/g, (character) => ESCAPED[character] ?? "");

/**
 * One line of COPY TO whose only column is JSON, without the format's escapes. A line break is escaped only outside of
 * JSON strings, where a space means the same.
 */
export function parseCopiedJson(line: string): string {
  if (!line.includes("\\")) return line;
  return line.replaceAll(/\\(.)/g, (_, character: string) => UNESCAPED[character] ?? character);
}

/** Text of a database without a checked encoding: bytes that are not UTF-8 are read as Windows-1252. */
export function decodeLine(bytes: Uint8Array): { text: string; isRepaired: boolean } {
  try {
    return { text: STRICT.decode(bytes), isRepaired: false };
  } catch {
    return { text: decodeMixed(bytes), isRepaired: true };
  }
}

const STRICT = new TextDecoder("utf-8", { fatal: true });
const WINDOWS = new TextDecoder("windows-1252");

function decodeMixed(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const part = bytes.subarray(at, at + Math.max(length, 1));
    text += length === 0 ? WINDOWS.decode(part) : STRICT.decode(part);
    at += part.length;
  }
  return text;
}

/** The length of the valid UTF-8 sequence at this place; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    STRICT.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
