/**
 * Finds what would make two readers of one message understand it differently. The gateway judges what it reads and
 * forwards the bytes that came; a server that takes the first of two equal members, or that compares names without
 * regard to case as Go does, would run something else than what was judged.
 */
import { MAX_JSON_DEPTH } from "../size-limits.ts";
import { endOfNested, endOfString, isTooDeep, mayBeDeeper } from "./json-scan.ts";

/** The members that are judged, by the object that holds them. Everything else is the server's own. */
const AMBIGUOUS_MEMBERS = {
  message: ["jsonrpc", "id", "method", "params", "result", "error"],
  params: [
    ..."name uri taskId ref cursor requestState inputResponses notifications task _meta".split(" "),
    ..."arguments protocolVersion capabilities requestId".split(" "),
  ],
  ref: ["type", "name", "uri"],
  meta: [
    ..."protocolVersion clientCapabilities clientInfo logLevel related-task"
      .split(" ")
      .map((name) => `io.modelcontextprotocol/${name}`),
    "progressToken",
  ],
  notifications: [
    "resourceSubscriptions",
    "taskIds",
    "toolsListChanged",
    "promptsListChanged",
    "resourcesListChanged",
  ],
} as const;

type Level = keyof typeof AMBIGUOUS_MEMBERS;

/** What the value of a member is, where it is looked into. */
const NESTED: Readonly<Record<Level, Readonly<Record<string, Level>>>> = {
  message: { params: "params" },
  params: { ref: "ref", _meta: "meta", notifications: "notifications" },
  ref: {},
  meta: {},
  notifications: {},
};

/** Upper case first: some letters, such as the long s, have no lower case but share an upper case. */
const fold = (name: string) => name.toUpperCase().toLowerCase();

const mapLevels = <T>(build: (names: readonly string[]) => T): Readonly<Record<Level, T>> => ({
  message: build(AMBIGUOUS_MEMBERS.message),
  params: build(AMBIGUOUS_MEMBERS.params),
  ref: build(AMBIGUOUS_MEMBERS.ref),
  meta: build(AMBIGUOUS_MEMBERS.meta),
  notifications: build(AMBIGUOUS_MEMBERS.notifications),
});

const JUDGED = mapLevels((names) => new Set(names));
const FOLDED = mapLevels((names) => new Map(names.map((name) => [fold(name), name])));

interface Frame {
  readonly isObject: boolean;
  readonly level: Level;
  /** The judged members that were there already. */
  readonly seen: string[];
  expectsName: boolean;
  name: string;
}

export type AmbiguousMember = "too_deep" | { readonly member: string; readonly spelled: string };

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Looks at the text alone, before and beside any parser. Text that is no JSON is for the parser to refuse. */
export function findAmbiguousMember(text: string): AmbiguousMember | undefined {
  if (mayBeDeeper(text, MAX_JSON_DEPTH) && isTooDeep(text, MAX_JSON_DEPTH)) return "too_deep";
  const frames: Frame[] = [];
  let frame: Frame | undefined;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (frame?.expectsName === true) {
          frame.name = parseName(text.slice(at, end + 1));
          frame.expectsName = false;
          const fault = checkName(frame);
          if (fault !== undefined) return fault;
        }
        at = end;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        const level = childLevel(frame);
        if (level === undefined) {
          at = endOfNested(text, at);
        } else {
          frame = opened(text.charCodeAt(at) === OPEN_BRACE, level);
          frames.push(frame);
        }
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        frames.pop();
        frame = frames.at(-1);
        break;
      case COMMA:
        if (frame?.isObject === true) frame.expectsName = true;
        break;
    }
  }
  return undefined;
}

const opened = (isObject: boolean, level: Level): Frame => ({
  isObject,
  level,
  seen: [],
  expectsName: isObject,
  name: "",
});

/** An array holds what it stands for: a batch holds messages. Undefined for what is not looked into. */
function childLevel(parent: Frame | undefined): Level | undefined {
  if (parent === undefined) return "message";
  if (!parent.isObject) return parent.level;
  const inside = NESTED[parent.level];
  return Object.hasOwn(inside, parent.name) ? inside[parent.name] : undefined;
}

function checkName({ level, name, seen }: Frame): AmbiguousMember | undefined {
  if (!JUDGED[level].has(name)) {
    const member = FOLDED[level].get(fold(name));
    return member === undefined ? undefined : { member, spelled: name };
  }
  if (seen.includes(name)) return { member: name, spelled: name };
  seen.push(name);
  return undefined;
}

/** As written, with escapes undone. */
function parseName(token: string): string {
  if (!token.includes("\\")) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
