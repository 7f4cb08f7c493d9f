/**
 * Identifiers. Rows get UUID version 7 (RFC 9562 §5.7): created at the edge without coordination, and sorted by
 * time, so that new rows land on the last page of a primary key instead of all over it.
 */
import { sha256Hex } from "./digest.ts";

export function uuidv7(
  now: number = Date.now(),
  random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
): string {
  const [bytes, from] =
    random === undefined ? [stock, nextInStock()] : [random(new Uint8Array(RANDOM_BYTES)), 0];
  const hex = (at: number) => HEX[bytes[from + at] ?? 0];
  const version = HEX[0x70 | ((bytes[from] ?? 0) & 0x0f)];
  const variant = HEX[0x80 | ((bytes[from + 2] ?? 0) & 0x3f)];
  const node = `${hex(4)}${hex(5)}${hex(6)}${hex(7)}${hex(8)}${hex(9)}`;
  return `${formatTime(now)}-${version}${hex(1)}-${variant}${hex(3)}-${node}`;
}

/** Many are made in the same millisecond. */
let timed = { now: Number.NaN, text: "" };

function formatTime(now: number): string {
  if (timed.now !== now) {
    const time = now.toString(16).padStart(12, "0");
    timed = { now, text: `${time.slice(0, 8)}-${time.slice(8)}` };
  }
  return timed.text;
}

const RANDOM_BYTES = 10;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Ten random bytes of the runtime cost as much as thousands. */
const stock = new Uint8Array(RANDOM_BYTES * 400);
let used = stock.length;

/** Returns the offset of the next ten unused random bytes. */
function nextInStock(): number {
  if (used === stock.length) {
    crypto.getRandomValues(stock);
    used = 0;
  }
  const from = used;
  used += RANDOM_BYTES;
  return from;
}

/** Returns the same UUID for the same name (RFC 9562 §5.8), for rows that two writers may create and only one must. */
export async function uuidFromName(text: string): Promise<string> {
  const hex = await sha256Hex(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The header of a response with the request's own id. */
export const REQUEST_ID_HEADER = "x-request-id";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(value: string): boolean {
  return UUID.test(value);
}

/** The moment a version 7 id was made, in milliseconds since the epoch. */
export function uuidv7Time(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
