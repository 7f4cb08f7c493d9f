/** The names of members, keys and servers, which the REST API refers to by id, for lists and for selection fields. */
import { z } from "zod";
import { ROLES } from "../../core/enums.ts";
import type { Option } from "../forms/fields.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";

/** Who has more chooses by search on their own pages. */
const MOST = 200;

const people = pageShape(z.object({ id: z.string(), name: z.string(), email: z.string() }));
const named = pageShape(z.object({ id: z.string(), name: z.string() }));

type Named = { readonly name: string; readonly email: string };
const withAddress = ({ name, email }: Named) => `${name} (${email})`;

async function listMemberOptions(
  rest: ApiClient,
  labelOf: (person: Named) => string = withAddress,
): Promise<readonly Option[]> {
  const { value } = await rest.read("/users", people, { limit: MOST, fields: "id,name,email" });
  return value.items.map((person) => ({ value: person.id, label: labelOf(person) }));
}

export async function keyOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/keys", named, { limit: MOST });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}

export async function serverOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/servers", named, {
    limit: MOST,
    fields: "id,name",
    sort: "name",
  });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}

export async function groupOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/groups", named, { limit: MOST, fields: "id,name", sort: "name" });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}

const titled = pageShape(z.object({ id: z.string(), title: z.string() }));

export async function toolsetOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/toolsets", titled, { limit: MOST, fields: "id,title", sort: "title" });
  return value.items.map(({ id, title }) => ({ value: id, label: title }));
}

const granted = pageShape(z.object({ clientId: z.string(), clientName: z.string().nullable() }));

/** OAuth clients that a member has connected, each as `client:id`. */
export async function clientOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/oauth-grants", granted, { limit: MOST });
  const names = new Map(value.items.map(({ clientId, clientName }) => [clientId, clientName ?? clientId]));
  return under(
    "client",
    [...names].map(([id, label]) => ({ value: id, label })),
  );
}

export async function memberOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/members", people, { limit: 100 });
  return value.items.map((person) => ({ value: person.id, label: withAddress(person) }));
}

export async function loadMemberNames(rest: ApiClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await memberOptions(rest)).map(({ value, label }) => [value, label]));
}

const under = (type: string, options: readonly Option[]) =>
  options.map(({ value, label }) => ({ value: `${type}:${value}`, label: `${type} ${label}` }));

/** Roles, groups, members and keys, each as `type:id`. */
export async function subjectOptions(rest: ApiClient): Promise<readonly Option[]> {
  const [groups, members, keys] = await Promise.all([
    groupOptions(rest),
    listMemberOptions(rest),
    keyOptions(rest),
  ]);
  const roles = ROLES.map((role) => ({ value: role, label: role }));
  return [
    ...under("role", roles),
    ...under("group", groups),
    ...under("user", members),
    ...under("key", keys),
  ];
}

/** `type:id`; an id may hold colons itself. */
export function parseSubject(text: string): { readonly type: string; readonly id: string } {
  const at = text.indexOf(":");
  return at < 0 ? { type: text, id: "" } : { type: text.slice(0, at), id: text.slice(at + 1) };
}

interface SubjectRow {
  readonly subjectType: string;
  readonly subjectId: string | null;
}

/** Only names that occur are loaded. */
export async function loadSubjectNames(rest: ApiClient, rows: readonly SubjectRow[]) {
  const occurs = (type: string) => rows.some((row) => row.subjectType === type && row.subjectId !== null);
  const none: readonly Option[] = [];
  const [members, keys, groups] = await Promise.all([
    occurs("user") ? listMemberOptions(rest, ({ name }) => name) : none,
    occurs("key") ? keyOptions(rest) : none,
    occurs("group") ? groupOptions(rest) : none,
  ]);
  const known = new Map([...members, ...keys, ...groups].map(({ value, label }) => [value, label]));
  return ({ subjectId }: SubjectRow) => known.get(subjectId ?? "") ?? subjectId ?? "";
}

export async function loadServerNames(rest: ApiClient, ids: readonly (string | null)[]) {
  const isAsked = ids.some((id) => id !== null);
  const known = new Map((isAsked ? await serverOptions(rest) : []).map(({ value, label }) => [value, label]));
  return (id: string | null) => (id === null ? undefined : (known.get(id) ?? "(deleted server)"));
}

/** Rows with the name of their server, for lists. */
export async function addServerNames<Row extends { readonly serverId: string }>(
  rest: ApiClient,
  rows: readonly Row[],
): Promise<readonly (Row & { readonly serverName: string })[]> {
  const nameOf = await loadServerNames(
    rest,
    rows.map(({ serverId }) => serverId),
  );
  return rows.map((row) => ({ ...row, serverName: nameOf(row.serverId) ?? row.serverId }));
}
