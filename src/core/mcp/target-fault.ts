/** Refuses requests whose target is no text, or is too long to be matched: what cannot be judged is not forwarded. */
import { isStorable } from "../postgres-text.ts";
import { MAX_NAME_LENGTH } from "../size-limits.ts";

type Members = { readonly [member: string]: unknown };

/** The parameters that name what a request is about, in whatever method. */
const NAME_MEMBERS = ["name", "uri", "taskId", "cursor"] as const;
const IN_REF = ["type", "name", "uri"] as const;

/** The methods whose `name`, `uri`, `taskId` or `cursor` is a target; others may use the words for what they like. */
const JUDGED =
  /^(?:tools|prompts|resources|resources\/templates|tasks)\/(?:call|get|read|list|subscribe|unsubscribe|result|update|cancel)$/;

/** What is wrong, for the caller; undefined where nothing is. */
export function validateTarget(method: string, params: Members | undefined): string | undefined {
  if (method.length > MAX_NAME_LENGTH) return tooLong("method");
  if (params === undefined) return undefined;
  if (method === "completion/complete") return validateRef(params.ref);
  return JUDGED.test(method) ? validateMembers(params, NAME_MEMBERS) : undefined;
}

function validateRef(ref: unknown): string | undefined {
  if (ref === undefined) return undefined;
  if (typeof ref !== "object" || ref === null || Array.isArray(ref)) return "`ref` must be an object.";
  return validateMembers({ ...ref }, IN_REF);
}

function validateMembers(members: Members, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(members, name) ? members[name] : undefined;
    if (value === undefined) continue;
    if (typeof value !== "string") return `\`${name}\` must be a string.`;
    if (value.length > MAX_NAME_LENGTH) return tooLong(name);
    // A name that cannot be stored appears in no list and no log, so a call to it could not be audited.
    if (!isStorable(value)) return `\`${name}\` must be well-formed text without NUL.`;
  }
  return undefined;
}

const tooLong = (name: string) => `\`${name}\` must be at most ${MAX_NAME_LENGTH} characters long.`;
