/**
 * Everything that reads text from outside, on adversarial texts of 64 KiB: the time must grow with the text, not with
 * its square. The budget is generous and relative to a plain walk along the same text, so that slow machines pass.
 */
import { describe, expect, it } from "vitest";
import { compilePattern } from "../../src/core/access/patterns.ts";
import { scanDefinition } from "../../src/core/discovery/definition-scan.ts";
import {
  escapeHiddenCharacters,
  findHiddenCharacters,
  normalizeText,
} from "../../src/core/discovery/hidden-characters.ts";
import { PHRASES } from "../../src/core/discovery/injection-phrases.ts";
import { diffJson } from "../../src/core/discovery/json-diff.ts";
import { exposeNames } from "../../src/core/mcp/exposed-names.ts";
import { decodeHeaderValue, encodeHeaderValue } from "../../src/core/mcp/inbound.ts";
import { parseBody } from "../../src/core/mcp/json-rpc.ts";
import { editListText } from "../../src/core/mcp/list-edit.ts";
import { parseLossless } from "../../src/core/mcp/lossless-json.ts";
import { mergeInstructions } from "../../src/core/mcp/merge-lists.ts";
import { EventCollector, EventSplitter, parseEvent } from "../../src/core/mcp/sse.ts";
import { selectMostSpecific } from "../../src/core/mcp/uri-template.ts";
import { sanitizeText } from "../../src/core/sanitize-payload.ts";
import { MAX_NAME_LENGTH } from "../../src/core/size-limits.ts";
import { listParamHeaders } from "../../src/gateway/request/cors.ts";

const LENGTH = 64 * 1024;
const filled = (unit: string, start = "", end = "") =>
  (start + unit.repeat(Math.ceil(LENGTH / unit.length))).slice(0, LENGTH - end.length) + end;

/** Each one made to keep some expression or loop busy. */
const ADVERSARIAL: Readonly<Record<string, string>> = {
  "one letter": filled("a"),
  spaces: filled(" ", "a", "b"),
  "spaces after a trigger": filled(" ", "ignore", "x"),
  "triggers with spaces": filled("ignore   "),
  "words after a trigger": filled("ignore a "),
  "pictures without an end": filled("![](http://{}{}"),
  "one picture without an end": filled("{}", "![](http://"),
  brackets: filled("!["),
  "openings of comments": filled("<!--"),
  "openings of tags": filled("< / "),
  "triggers of secrets": filled("cat .env "),
  "triggers of sending": filled("send api key to "),
  "mail addresses without an end": filled("to.", "send api key to "),
  "triggers of other tools": filled("if other tool "),
  "nearly hidden text": filled("\n ", "a"),
  "nearly base64": filled(`${"A".repeat(299)} `),
  "nearly mixed scripts": filled("a", "aaЖ", "Ж"),
  "letters that expand": filled("\ufdfa"),
  "zero-width signs": filled("a\u200b"),
  "lone surrogates": filled("\ud800"),
  "line ends": filled("\r\n"),
  "carriage returns": filled("\r"),
  "colons and equals": filled("password=:"),
  addresses: filled("a://a:"),
  backslashes: filled("\\"),
  quotes: filled('\\"', '"'),
  digits: filled("9"),
  "commas with spaces": filled(" ,"),
  "open brackets": filled("["),
  "open members": filled('{"a":'),
  wildcards: filled("*a"),
  expressions: filled("{a}"),
};

const listOf = (text: string) => JSON.stringify({ result: { tools: [{ name: text, description: text }] } });

/** By name, what reads text from outside. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  "the scan of a definition": (text) =>
    scanDefinition({ name: "x", description: text, inputSchema: { [text]: text } }),
  "hidden characters": (text) => [
    findHiddenCharacters(text),
    normalizeText(text),
    escapeHiddenCharacters(text),
  ],
  "differences of definitions": (text) => diffJson({ a: text }, { a: `${text}x`, b: text }),
  "the CORS preflight": (text) => [listParamHeaders(text), listParamHeaders(text.slice(0, 8000))],
  "a JSON-RPC body": (text) => parseBody(text),
  "a JSON-RPC request": (text) =>
    parseBody(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "x", params: { a: text } })),
  "lossless JSON": (text) => [parseLossless(text), parseLossless(JSON.stringify({ [text]: text }))],
  "a list": (text) => editListText(listOf(text), "tools/list", { keep: () => true }),
  "an event": (text) => parseEvent(text),
  "a stream of events": (text) =>
    [...text.matchAll(/[\s\S]{1,100}/g)].flatMap(([piece]) => splitter().push(piece)),
  "a stream of events that are edited": (text) => {
    const collector = new EventCollector(LENGTH);
    for (const [piece] of text.matchAll(/[\s\S]{1,4}/g)) collector.push(piece);
  },
  "a header value": (text) => [
    decodeHeaderValue(text),
    decodeHeaderValue(`=?base64?${text}?=`),
    encodeHeaderValue(text),
  ],
  "a template as long as it may be": (text) =>
    selectMostSpecific(text.slice(0, MAX_NAME_LENGTH), [{ server: "s", template: text.slice(0, 2048) }]),
  "many templates of one server": (text) =>
    selectMostSpecific(
      text.slice(0, MAX_NAME_LENGTH),
      Array.from({ length: 5000 }, () => ({ server: "s", template: "{a}{b}{c}{+d}{e}{f}" })),
    ),
  "a name against patterns": (text) =>
    ["*", "a*b", "*a*a*a*b", "{a,b}*{c,d}", "*".repeat(20)].map((pattern) =>
      compilePattern(pattern)?.(text.slice(0, MAX_NAME_LENGTH)),
    ),
  "a pattern": (text) => compilePattern(text.slice(0, 500))?.(text.slice(0, MAX_NAME_LENGTH)),
  "names of tools": (text) =>
    exposeNames(
      [
        { server: "a", name: text },
        { server: "b", name: text },
      ],
      "on_collision",
    ),
  instructions: (text) => mergeInstructions([{ title: text, text }]),
  "text for the log": (text) => sanitizeText(text, { emails: true }),
};

const splitter = () => new EventSplitter(LENGTH);

/** A walk along a text of this length, many times over: what a reader with large constants may take. */
const WALKS = 400;
const MIN_BUDGET_MS = 400;

/** How long the processor works: other load on the machine does not count. */
function timeOf(work: () => unknown): number {
  const started = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(started);
  return (user + system) / 1000;
}

const budget = () => {
  const text = filled("ab");
  let sum = 0;
  const walk = timeOf(() => {
    for (let at = 0; at < text.length; at += 1) sum += text.charCodeAt(at);
  });
  return Math.max(MIN_BUDGET_MS, walk * WALKS) + (sum === 0 ? 1 : 0);
};

describe.each(Object.entries(READERS))("%s", (_reader, read) => {
  it.each(Object.entries(ADVERSARIAL))("takes time that is linear in %s", (_what, text) => {
    // The best of three: whatever else the machine does is no fault of the reader.
    const limit = budget();
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3 && best > limit; run += 1)
      best = Math.min(
        best,
        timeOf(() => read(text)),
      );
    expect(best).toBeLessThan(limit);
  });
});

describe.each(PHRASES.map((phrase, index) => [`${phrase.rule} ${index}`, phrase] as const))(
  "the phrase %s",
  (_rule, { find }) => {
    it("takes time that is linear in every adversarial text", () => {
      const limit = budget();
      for (const [what, text] of Object.entries(ADVERSARIAL)) {
        let best = Number.POSITIVE_INFINITY;
        for (let run = 0; run < 3 && best > limit; run += 1)
          best = Math.min(
            best,
            timeOf(() => find(text)),
          );
        expect(best, what).toBeLessThan(limit);
      }
    });
  },
);
