/** Names for the IDs in records: users, API keys and servers, as links with the ID on hover and, on record pages, to copy. */
import type { Child } from "hono/jsx";
import { z } from "zod";
import { type ApiClient, ApiError, pageShape } from "../http/api-client.ts";
import { CopyButton } from "../ui/components.tsx";

const KINDS = {
  user: { api: "/users", path: "/admin/members" },
  key: { api: "/keys", path: "/admin/keys" },
  server: { api: "/servers", path: "/admin/servers" },
  group: { api: "/groups", path: "/admin/members/groups" },
} as const;

export type RecordKind = keyof typeof KINDS;

/** As the audit log calls them. */
const RESOURCE_KINDS: Readonly<Record<string, RecordKind>> = {
  user: "user",
  person: "user",
  api_key: "key",
  server: "server",
  group: "group",
};

export const resourceKind = (type: string): RecordKind | undefined => RESOURCE_KINDS[type];

type Id = string | null | undefined;
export type RecordIds = Readonly<Partial<Record<RecordKind, readonly Id[]>>>;

/** The name of a record, or undefined where it is deleted or of another organization. */
export type FindName = (kind: RecordKind, id: Id) => string | undefined;

const named = z.object({ id: z.string(), name: z.string() });
const MAX_LISTED = 200;
/** From here on one list costs less than single reads. */
const MAX_SINGLE = 3;

/** Reads the names of all IDs of a page of records; one request for each kind that occurs, as a rule. */
export async function loadNames(rest: ApiClient, ids: RecordIds): Promise<FindName> {
  const [users, keys, servers, groups] = await Promise.all([
    loadKind(rest, "user", ids.user ?? []),
    loadKind(rest, "key", ids.key ?? []),
    loadKind(rest, "server", ids.server ?? []),
    loadKind(rest, "group", ids.group ?? []),
  ]);
  const names = { user: users, key: keys, server: servers, group: groups };
  return (kind, id) => (id === null || id === undefined ? undefined : names[kind].get(id));
}

async function loadKind(
  rest: ApiClient,
  kind: RecordKind,
  all: readonly Id[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(all.filter((id) => id !== null && id !== undefined))];
  const { api } = KINDS[kind];
  const known = new Map<string, string>();
  if (ids.length > MAX_SINGLE) {
    const { value } = await rest.read(api, pageShape(named), { limit: MAX_LISTED });
    for (const { id, name } of value.items) known.set(id, name);
  }
  await Promise.all(
    ids
      .filter((id) => !known.has(id))
      .map(async (id) => {
        const name = await readName(rest, `${api}/${encodeURIComponent(id)}`);
        if (name !== undefined) known.set(id, name);
      }),
  );
  return known;
}

async function readName(rest: ApiClient, path: string): Promise<string | undefined> {
  try {
    return (await rest.read(path, named)).value.name;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return undefined;
    throw error;
  }
}

interface CopyableLinkProps {
  readonly kind: RecordKind;
  readonly id: Id;
  readonly nameOf: FindName;
  readonly none?: Child;
}

/** On the page of one record. */
export const CopyableLink = ({ kind, id, nameOf, none }: CopyableLinkProps) => (
  <RecordLink kind={kind} id={id} name={nameOf(kind, id)} none={none} copies />
);

interface RecordLinkProps {
  readonly kind: RecordKind;
  readonly id: Id;
  readonly name: string | undefined;
  /** What to show without an ID. */
  readonly none?: Child;
  /** On the page of one record. */
  readonly copies?: boolean;
}

export function RecordLink({ kind, id, name, none = "", copies = false }: RecordLinkProps) {
  if (id === null || id === undefined) return <>{none}</>;
  const link =
    name === undefined ? (
      <code>{id}</code>
    ) : (
      <a href={`${KINDS[kind].path}/${encodeURIComponent(id)}`} title={id}>
        {name}
      </a>
    );
  if (!copies) return link;
  return (
    <span class="start">
      {link} <CopyButton text={id} label="Copy ID" />
    </span>
  );
}
