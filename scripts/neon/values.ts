// Values cross the wire twice: JSON parameters become Postgres text, and, for clients that do not request raw
// text, Postgres text becomes JSON. Both directions follow Neon's proxy, losses included.

const BOOL = 16;
const INT2 = 21;
const INT4 = 23;
const JSON_TYPE = 114;
const FLOAT4 = 700;
const FLOAT8 = 701;
const JSONB = 3802;

/** Array type → type of its elements. */
export type ArrayTypes = ReadonlyMap<number, number>;

/** Parameters have no declared type: Postgres infers it and reads this text accordingly. */
export function parameterToText(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return arrayToText(value);
  return JSON.stringify(value);
}

function arrayToText(values: readonly unknown[]): string {
  const items = values.map((value) => {
    if (value === null) return "NULL";
    if (Array.isArray(value)) return arrayToText(value);
    const text = JSON.stringify(value);
    return typeof value === "object" ? JSON.stringify(text) : text;
  });
  return `{${items.join(",")}}`;
}

/**
 * The JSON text of one value. Numbers and json documents are copied, not parsed: what Postgres prints is
 * valid JSON and keeps digits that a double would lose. int8 and numeric stay strings for the same reason.
 */
export function textToJson(text: string, type: number, arrays: ArrayTypes): string {
  const element = arrays.get(type);
  if (element !== undefined) return arrayToJson(text, element);
  switch (type) {
    case BOOL:
      return text === "t" ? "true" : "false";
    case INT2:
    case INT4:
    case JSON_TYPE:
    case JSONB:
      return text;
    case FLOAT4:
    case FLOAT8:
      // NaN and the infinities have no JSON number.
      return /\d$/.test(text) ? text : JSON.stringify(text);
    default:
      return JSON.stringify(text);
  }
}

const NO_ARRAYS: ArrayTypes = new Map();

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO; bounds other than 1 have no form in JSON. */
function arrayToJson(text: string, element: number): string {
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;

  const quoted = (): string => {
    let value = "";
    for (at += 1; text[at] !== '"'; at += 1) {
      if (text[at] === "\\") at += 1;
      if (at >= text.length) throw new Error("unbalanced quoted string");
      value += text[at];
    }
    at += 1;
    return value;
  };

  const bare = (): string => {
    const start = at;
    while (at < text.length && text[at] !== "," && text[at] !== "}") at += 1;
    return text.slice(start, at);
  };

  const item = (): string => {
    if (text[at] === "{") return list();
    if (text[at] === '"') return textToJson(quoted(), element, NO_ARRAYS);
    const value = bare();
    return value === "NULL" ? "null" : textToJson(value, element, NO_ARRAYS);
  };

  const list = (): string => {
    if (text[at] !== "{") throw new Error("unbalanced array");
    at += 1;
    const items: string[] = [];
    // Neon's own parser mishandles {}: an error for numbers, [""] for text. Programs should not rely on that.
    if (text[at] !== "}") {
      items.push(item());
      while (text[at] === ",") {
        at += 1;
        items.push(item());
      }
    }
    if (text[at] !== "}") throw new Error("unbalanced array");
    at += 1;
    return `[${items.join(",")}]`;
  };

  const json = list();
  if (at !== text.length) throw new Error("unbalanced array");
  return json;
}
