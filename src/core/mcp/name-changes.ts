/** What registering a server does to the tool names that clients see. */
import { exposeNames, type NamedItem, type NamingOptions, type PrefixMode } from "./exposed-names.ts";

export interface NameChanges {
  /** The tools of the new server; without an exposed name, another server has it. */
  readonly added: readonly { readonly name: string; readonly exposed: string | undefined }[];
  /** Tools of other servers whose name changes. */
  readonly renamed: readonly { readonly server: string; readonly from: string; readonly to: string }[];
}

export function previewNames(
  present: readonly NamedItem[],
  { server, tools }: { readonly server: string; readonly tools: readonly string[] },
  { prefix, ...naming }: NamingOptions & { readonly prefix: PrefixMode },
): NameChanges {
  const added = tools.map((name) => ({ server, name }));
  const before = exposeNames(present, prefix, naming);
  const after = exposedByItem(exposeNames([...present, ...added], prefix, naming).entries);
  return {
    added: tools.map((name) => ({ name, exposed: after.get(keyOf({ server, name })) })),
    renamed: before.entries.flatMap(({ exposed, ...item }) => {
      const to = after.get(keyOf(item));
      return to === undefined || to === exposed ? [] : [{ server: item.server, from: exposed, to }];
    }),
  };
}

const keyOf = ({ server, name }: NamedItem) => JSON.stringify([server, name]);

const exposedByItem = (entries: readonly (NamedItem & { readonly exposed: string })[]) =>
  new Map(entries.map((entry) => [keyOf(entry), entry.exposed]));
