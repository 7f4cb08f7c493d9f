/** The operations of a PATCH request (RFC 7644, section 3.5.2), whose names providers capitalize as they like. */
import { ScimError } from "./scim-error.ts";
import { isScimObject, readMember, type ScimObject } from "./values.ts";

export interface PatchOperation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string | undefined;
  readonly value: unknown;
}

const MAX_OPERATIONS = 100;
const MAX_PATH_LENGTH = 500;

export function readPatch(body: ScimObject): PatchOperation[] {
  const operations = readMember(body, "Operations");
  if (!Array.isArray(operations) || operations.length === 0) {
    throw new ScimError(400, "Operations must contain at least one operation.", "invalidSyntax");
  }
  if (operations.length > MAX_OPERATIONS) {
    throw new ScimError(400, `At most ${MAX_OPERATIONS} operations can be sent at once.`, "tooMany");
  }
  return operations.map(readOperation);
}

function readOperation(entry: unknown): PatchOperation {
  const object = isScimObject(entry) ? entry : {};
  const op = String(readMember(object, "op")).toLowerCase();
  const path = readMember(object, "path");
  if (op !== "add" && op !== "remove" && op !== "replace") {
    throw new ScimError(400, "op must be add, remove or replace.", "invalidSyntax");
  }
  if (path !== undefined && path !== null && (typeof path !== "string" || path.length > MAX_PATH_LENGTH)) {
    throw new ScimError(400, "path must be a text.", "invalidPath");
  }
  const named = typeof path === "string" && path !== "" ? path : undefined;
  if (op === "remove" && named === undefined) throw new ScimError(400, "remove requires a path.", "noTarget");
  return { op, path: named, value: readMember(object, "value") };
}

export interface PathParts {
  /** In lower case, without the schema and without the condition: `emails.value`. */
  readonly name: string;
  /** The value of a condition `[value eq "…"]`. */
  readonly selected: string | undefined;
}

const SCHEMA = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i;

export function splitPath(path: string): PathParts {
  const bare = path.trim().replace(SCHEMA, "");
  const open = bare.indexOf("[");
  const close = bare.lastIndexOf("]");
  if (open < 0 || close < open) return { name: bare.toLowerCase(), selected: undefined };
  const selected = /^\s*value\s+eq\s+"((?:[^"\\]|\\.)*)"\s*$/i.exec(bare.slice(open + 1, close))?.[1];
  return { name: (bare.slice(0, open) + bare.slice(close + 1)).toLowerCase(), selected };
}
