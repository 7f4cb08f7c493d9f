/** A provisioned group: read from a resource, and changed by PATCH in the forms that Okta and Entra send. */
import { type PatchOperation, splitPath } from "./patch.ts";
import { ScimError } from "./scim-error.ts";
import { isScimObject, readMember, readReferences, readText, type ScimObject } from "./values.ts";

export interface ScimGroupState {
  readonly displayName: string;
  readonly externalId: string | undefined;
  /** The ids of its members. */
  readonly members: ReadonlySet<string>;
}

const MAX_NAME = 200;
const MAX_EXTERNAL_ID = 500;
const MAX_GROUP_MEMBERS = 10_000;

const withMembers = (state: ScimGroupState, members: Iterable<string>): ScimGroupState => {
  const all = new Set(members);
  if (all.size > MAX_GROUP_MEMBERS) {
    throw new ScimError(400, `A group can have at most ${MAX_GROUP_MEMBERS} members.`, "tooMany");
  }
  return { ...state, members: all };
};

/** The whole resource, of POST and PUT. */
export function readGroup(resource: ScimObject): ScimGroupState {
  const displayName = readText(readMember(resource, "displayName"), "displayName", MAX_NAME);
  if (displayName === undefined) throw new ScimError(400, "displayName is required.", "invalidValue");
  const externalId = readText(readMember(resource, "externalId"), "externalId", MAX_EXTERNAL_ID);
  const members = readMember(resource, "members") ?? [];
  const state = { displayName, externalId, members: new Set<string>() };
  return withMembers(state, readReferences(members, MAX_GROUP_MEMBERS));
}

export function patchGroup(state: ScimGroupState, operations: readonly PatchOperation[]): ScimGroupState {
  return operations.reduce((current, { op, path, value }) => {
    if (path !== undefined) return setAttribute(current, { op, path, value });
    if (!isScimObject(value))
      throw new ScimError(400, "value must be an object without a path.", "invalidValue");
    return Object.entries(value).reduce(
      (one, [name, member]) => setAttribute(one, { op, path: name, value: member }),
      current,
    );
  }, state);
}

function setAttribute(
  state: ScimGroupState,
  { op, path, value }: PatchOperation & { readonly path: string },
): ScimGroupState {
  const { name, selected } = splitPath(path);
  switch (name) {
    case "displayname": {
      const displayName = readText(value, path, MAX_NAME);
      if (op === "remove" || displayName === undefined) {
        throw new ScimError(400, "displayName is required.", "invalidValue");
      }
      return { ...state, displayName };
    }
    case "externalid":
      return { ...state, externalId: op === "remove" ? undefined : readText(value, path, MAX_EXTERNAL_ID) };
    case "members":
      return setMembers(state, op, selected, value);
    default:
      return state;
  }
}

function setMembers(
  state: ScimGroupState,
  op: PatchOperation["op"],
  selected: string | undefined,
  value: unknown,
): ScimGroupState {
  const sent = () => readReferences(value ?? [], MAX_GROUP_MEMBERS);
  if (op === "add") return withMembers(state, [...state.members, ...sent()]);
  if (op === "replace") return withMembers(state, sent());
  // Okta names one in the path, Entra lists them in the value; neither means all of them.
  if (selected === undefined && value === undefined) return withMembers(state, []);
  const gone = new Set(selected === undefined ? sent() : [selected]);
  return withMembers(
    state,
    [...state.members].filter((id) => !gone.has(id)),
  );
}
