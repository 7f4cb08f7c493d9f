/**
 * Parses SCIM filters (RFC 7644, section 3.4.2.2) as far as identity providers send them: `eq` comparisons joined by
 * `and` and `or`, with parentheses. `and` binds tighter.
 */
import { ScimError } from "./scim-error.ts";

export type ScimFilter<Attribute extends string> =
  | { readonly kind: "eq"; readonly attribute: Attribute; readonly value: string }
  | {
      readonly kind: "and" | "or";
      readonly left: ScimFilter<Attribute>;
      readonly right: ScimFilter<Attribute>;
    };

const MAX_LENGTH = 2000;
const MAX_COMPARISONS = 20;
const TOKEN = /\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([A-Za-z0-9][\w.:$-]*(?:\[[^\]]{0,100}\](?:\.\w+)?)?))/y;

interface Token {
  readonly kind: "symbol" | "text" | "word";
  readonly value: string;
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    if (text.slice(TOKEN.lastIndex).trim() === "") break;
    const found = TOKEN.exec(text);
    if (found === null) throw new ScimError(400, "The filter cannot be read.", "invalidFilter");
    const [, symbol, quoted, word = ""] = found;
    if (symbol !== undefined) tokens.push({ kind: "symbol", value: symbol });
    else if (quoted !== undefined) tokens.push({ kind: "text", value: quoted.replace(/\\(.)/g, "$1") });
    else tokens.push({ kind: "word", value: word });
  }
  return tokens;
}

/** `attributes`: the supported ones, in lower case, by what they stand for. */
export function parseFilter<Attribute extends string>(
  text: string,
  attributes: Readonly<Record<string, Attribute>>,
): ScimFilter<Attribute> {
  if (text.length > MAX_LENGTH) throw new ScimError(400, "The filter is too long.", "invalidFilter");
  const tokens = readTokens(text);
  let at = 0;
  let comparisons = 0;
  const next = () => tokens[at++];
  const isWord = (word: string) => tokens[at]?.kind === "word" && tokens[at]?.value.toLowerCase() === word;

  function comparison(): ScimFilter<Attribute> {
    const first = next();
    if (first?.kind === "symbol" && first.value === "(") {
      const inner = either();
      if (next()?.value !== ")")
        throw new ScimError(400, "The filter lacks a closing parenthesis.", "invalidFilter");
      return inner;
    }
    comparisons += 1;
    if (comparisons > MAX_COMPARISONS)
      throw new ScimError(400, "The filter has too many comparisons.", "tooMany");
    const [operator, value] = [next(), next()];
    const attribute = first?.kind === "word" ? attributes[first.value.toLowerCase()] : undefined;
    if (attribute === undefined || operator?.value.toLowerCase() !== "eq" || value === undefined) {
      const known = Object.values(attributes).join(", ");
      throw new ScimError(400, `The filter must compare one of ${known} with eq.`, "invalidFilter");
    }
    return { kind: "eq", attribute, value: value.value };
  }

  function both(): ScimFilter<Attribute> {
    let left = comparison();
    while (isWord("and")) {
      at += 1;
      left = { kind: "and", left, right: comparison() };
    }
    return left;
  }

  function either(): ScimFilter<Attribute> {
    let left = both();
    while (isWord("or")) {
      at += 1;
      left = { kind: "or", left, right: both() };
    }
    return left;
  }

  const filter = either();
  if (at < tokens.length) throw new ScimError(400, "The filter has text after its end.", "invalidFilter");
  return filter;
}
