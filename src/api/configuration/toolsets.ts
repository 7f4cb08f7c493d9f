/** The toolsets of the configuration file: their members and overrides call servers by name. */
import { z } from "zod";
import type { InputIssue } from "../../core/errors.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import { toolsets } from "../resources/toolsets.ts";
import { createSection, resolveIds, type Section } from "./section.ts";

const plain = createSection(toolsets, ["slug"]);
const parts = z.array(z.record(z.string(), z.unknown())).catch([]);

/** Lists of a toolset whose entries refer to servers. */
const LISTS = ["members", "overrides"];

export const toolsetsSection: Section = {
  ...plain,
  async write(c, row, names) {
    const item = await plain.write(c, row, names);
    return mapLists(item, ({ serverId, ...entry }) =>
      serverId === undefined
        ? entry
        : { ...entry, server: names.servers.nameOf(String(serverId)) ?? serverId },
    );
  },
  async read(look, item, names) {
    const faults: InputIssue[] = [];
    const coming = new Set<string>();
    const row = mapLists(item, (entry, path) => {
      const { row: resolved, faults: own } = resolveIds(entry, names);
      faults.push(...own.map((fault) => ({ ...fault, path: path + fault.path })));
      if (typeof resolved.serverId === "string") coming.add(resolved.serverId);
      return resolved;
    });
    return faults.length > 0 ? { faults } : plain.read({ ...look, coming }, row, names);
  },
};

function mapLists(item: CrudRow, map: (entry: CrudRow, path: string) => CrudRow): CrudRow {
  return {
    ...item,
    ...Object.fromEntries(
      LISTS.filter((list) => Array.isArray(item[list])).map((list) => [
        list,
        parts.parse(item[list]).map((entry, index) => map(entry, `/${list}/${index}`)),
      ]),
    ),
  };
}
