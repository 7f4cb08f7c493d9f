/** What there is: the tenant's rows of all sections, read in one round trip. */
import type { CurrentItem, ItemContent } from "../../core/configuration/match-items.ts";
import { sortByDependency } from "../../core/configuration/match-items.ts";
import { NotFoundError } from "../../core/errors.ts";
import { listGroupNames } from "../../db/queries/identity/groups.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import { loadAllRows } from "../../db/queries/tenants/configuration.ts";
import { findTenant } from "../../db/queries/tenants/tenants.ts";
import type { ApiContext } from "../resource/scope.ts";
import type { Document } from "./document.ts";
import type { ConfigurationNames, NameLookup, Section } from "./section.ts";
import { SECTIONS } from "./sections.ts";

export interface ConfigurationState {
  readonly tenant: Awaited<ReturnType<typeof findTenant>>[number];
  readonly rows: ReadonlyMap<string, readonly CrudRow[]>;
  /** With those that an identity provider provisions, which are in no section. */
  readonly groups: Awaited<ReturnType<typeof listGroupNames>>;
}

export interface ExistingRow extends CurrentItem {
  readonly row: CrudRow;
}

export async function loadState(c: ApiContext): Promise<ConfigurationState> {
  const { db, principal } = c.var;
  const { tenantId } = principal;
  const [[tenant], groups, ...found] = await db.batch([
    findTenant(db, tenantId),
    listGroupNames(db, tenantId),
    ...SECTIONS.map(({ table, columns, where }) => loadAllRows(db, tenantId, table, columns, where)),
  ]);
  if (tenant === undefined) throw new NotFoundError("No organization selected.");
  return { tenant, groups, rows: new Map(SECTIONS.map(({ name }, index) => [name, found[index] ?? []])) };
}

/** IDs by name, of what there will be in the sections of a file that other sections refer to. */
export type AssignedIds = {
  readonly [Kind in keyof ConfigurationNames]?: ReadonlyMap<string, string> | undefined;
};

/** Of what there is, and of what will be. */
export function collectNames(state: ConfigurationState, assigned: AssignedIds): ConfigurationNames {
  const servers = (state.rows.get("servers") ?? []).map(
    ({ id, name }) => [String(name), String(id)] as const,
  );
  const groups = state.groups.map(({ id, name }) => [name, id] as const);
  const toolsets = (state.rows.get("toolsets") ?? []).map(
    ({ id, slug }) => [String(slug), String(id)] as const,
  );
  return {
    servers: createLookup(servers, assigned.servers),
    groups: createLookup(groups, assigned.groups),
    toolsets: createLookup(toolsets, assigned.toolsets),
  };
}

function createLookup(
  known: readonly (readonly [name: string, id: string])[],
  wanted: ReadonlyMap<string, string> | undefined,
): NameLookup {
  const ids = wanted ?? new Map(known);
  const byId = new Map([...known, ...ids].map(([name, id]) => [id, name]));
  return { idOf: (name) => ids.get(name), nameOf: (id) => byId.get(id) };
}

export async function listExisting(
  c: ApiContext,
  section: Section,
  state: ConfigurationState,
  names: ConfigurationNames,
): Promise<ExistingRow[]> {
  const rows = state.rows.get(section.name) ?? [];
  const items = await Promise.all(
    rows.map(async (row) => {
      const content = await section.write(c, row, names);
      return { id: String(row.id), identity: section.identityOf(content), content, row };
    }),
  );
  return sortByDependency(items);
}

export const tenantContent = ({ tenant }: ConfigurationState): ItemContent => ({
  name: tenant.name,
  timeZone: tenant.timeZone,
  settings: tenant.settings,
});

/** The whole of it, the same text for the same state. */
export async function exportConfiguration(c: ApiContext): Promise<Document> {
  const state = await loadState(c);
  const names = collectNames(state, {});
  const sections: Record<string, ItemContent[]> = {};
  for (const section of SECTIONS) {
    const items = await listExisting(c, section, state, names);
    if (items.length > 0) sections[section.name] = items.map(({ content }) => content);
  }
  const { name, timeZone, settings } = state.tenant;
  return { version: 1, tenant: { name, timeZone, settings }, ...sections };
}
