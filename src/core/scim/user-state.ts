/** A provisioned user: read from a resource, and changed by PATCH in the forms that Okta and Entra send. */
import { type PatchOperation, splitPath } from "./patch.ts";
import { ScimError } from "./scim-error.ts";
import { isScimObject, readBoolean, readMember, readPrimary, readText, type ScimObject } from "./values.ts";

export interface ScimUserState {
  readonly userName: string;
  readonly email: string;
  readonly externalId: string | undefined;
  readonly displayName: string | undefined;
  readonly givenName: string | undefined;
  readonly familyName: string | undefined;
  readonly isActive: boolean;
}

const MAX_TEXT = 320;
const MAX_NAME = 200;
const EMAIL = /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u;

/** The whole resource, of POST and PUT. */
export function readUser(resource: ScimObject): ScimUserState {
  const name = readMember(resource, "name");
  const names = isScimObject(name) ? name : {};
  const active = readMember(resource, "active");
  return complete({
    userName: readText(readMember(resource, "userName"), "userName", MAX_TEXT),
    email: readPrimary(readMember(resource, "emails")),
    externalId: readText(readMember(resource, "externalId"), "externalId", MAX_TEXT),
    displayName:
      readText(readMember(resource, "displayName"), "displayName", MAX_NAME) ??
      readText(readMember(names, "formatted"), "name.formatted", MAX_NAME),
    givenName: readText(readMember(names, "givenName"), "name.givenName", MAX_NAME),
    familyName: readText(readMember(names, "familyName"), "name.familyName", MAX_NAME),
    isActive: active === undefined ? true : readBoolean(active, "active"),
  });
}

type Draft = { readonly [Name in keyof ScimUserState]: ScimUserState[Name] | undefined };

/** Where no address is sent, the user name is one. */
function complete(draft: Draft): ScimUserState {
  const userName = draft.userName?.toLowerCase();
  if (userName === undefined) throw new ScimError(400, "userName is required.", "invalidValue");
  const email = (draft.email ?? userName).toLowerCase();
  if (!EMAIL.test(email) || email.length > MAX_TEXT) {
    throw new ScimError(400, "emails must contain a valid email address.", "invalidValue");
  }
  return { ...draft, userName, email, isActive: draft.isActive ?? true };
}

export function patchUser(state: ScimUserState, operations: readonly PatchOperation[]): ScimUserState {
  let draft: Draft = state;
  for (const { op, path, value } of operations) {
    if (path === undefined) {
      if (!isScimObject(value))
        throw new ScimError(400, "value must be an object without a path.", "invalidValue");
      for (const [name, member] of Object.entries(value)) draft = setAttribute(draft, op, name, member);
    } else {
      draft = setAttribute(draft, op, path, value);
    }
  }
  return complete(draft);
}

/** Attributes that the gateway does not keep are accepted and ignored: providers send all that they map. */
function setAttribute(draft: Draft, op: PatchOperation["op"], path: string, sent: unknown): Draft {
  const value = op === "remove" ? undefined : sent;
  const text = (max: number) => readText(value, path, max);
  switch (splitPath(path).name) {
    case "username":
      return { ...draft, userName: text(MAX_TEXT) };
    case "active":
      return { ...draft, isActive: op === "remove" ? false : readBoolean(unwrap(value), path) };
    case "externalid":
      return { ...draft, externalId: text(MAX_TEXT) };
    case "displayname":
    case "name.formatted":
      return { ...draft, displayName: text(MAX_NAME) };
    case "name.givenname":
      return { ...draft, givenName: text(MAX_NAME) };
    case "name.familyname":
      return { ...draft, familyName: text(MAX_NAME) };
    case "name": {
      const names = isScimObject(value) ? Object.entries(value) : [];
      return names.reduce((one, [name, member]) => setAttribute(one, op, `name.${name}`, member), draft);
    }
    case "emails":
    case "emails.value":
      return { ...draft, email: readPrimary(value) };
    default:
      return draft;
  }
}

/** Some senders wrap a single value: [{ "value": "False" }]. */
function unwrap(value: unknown): unknown {
  const [first] = Array.isArray(value) ? value : [value];
  return isScimObject(first) ? readMember(first, "value") : first;
}
