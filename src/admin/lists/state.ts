/** What a list is asked for stands in its address and nowhere else, so that it can be shared, kept and gone back to. */
import { type Query, toQuery } from "../http/api-client.ts";
import { ALL, type ListSpec } from "./spec.ts";

export const PAGE_SIZE = 50;

export interface ListState {
  readonly q: string;
  readonly filters: Readonly<Record<string, string>>;
  readonly sort: string;
  readonly cursor: string;
}

type Known = Pick<ListSpec<never>, "filters" | "usual" | "always" | "path" | "search" | "searchAs">;

export function parseListState(spec: Known, query: (name: string) => string | undefined): ListState {
  return {
    q: spec.search === undefined ? "" : (query("q")?.trim() ?? ""),
    filters: Object.fromEntries(
      (spec.filters ?? []).map(({ name, initial = "" }) => [name, query(name)?.trim() ?? initial]),
    ),
    sort: query("sort") ?? "",
    cursor: query("cursor") ?? "",
  };
}

export const isNarrowed = (spec: Known, { q, filters }: ListState) =>
  q !== "" || (spec.filters ?? []).some(({ name, initial = "" }) => (filters[name] ?? "") !== initial);

/** For the REST interface. */
export function restQuery(spec: Known, state: ListState, limit = PAGE_SIZE): Query {
  const { cursor, q } = state;
  // A search without an explicit order is sorted by relevance if the list supports it.
  const sort = state.sort === "" && q === "" ? spec.usual : state.sort;
  const times = new Set((spec.filters ?? []).flatMap(({ kind, name }) => (kind === "moment" ? [name] : [])));
  const filters = Object.entries(state.filters).map(([name, value]) => [
    name,
    value === ALL ? "" : times.has(name) && value !== "" ? momentOf(value) : value,
  ]);
  return { ...spec.always, ...Object.fromEntries(filters), [spec.searchAs ?? "q"]: q, sort, cursor, limit };
}

/** As <input type="datetime-local"> has it, in UTC. What is no time, the interface refuses in its own words. */
function momentOf(text: string): string {
  const time = new Date(/[Z+]/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}

export function listUrl(spec: Known, state: ListState, change: Partial<ListState> = {}, suffix = ""): string {
  const { q, filters, sort, cursor } = { ...state, ...change };
  return `${spec.path}${suffix}${toQuery({ q, ...filters, sort, cursor })}`;
}

/** What pressing a column's head leads to: up, then down. */
export function sortedBy(spec: Known, state: ListState, name: string): string {
  const current = state.sort === "" ? spec.usual : state.sort;
  return listUrl(spec, state, { sort: current === name ? `-${name}` : name, cursor: "" });
}

export function sortDirection(
  spec: Known,
  state: ListState,
  name: string,
): "ascending" | "descending" | "none" {
  const current = state.sort === "" ? spec.usual : state.sort;
  if (current === name) return "ascending";
  return current === `-${name}` ? "descending" : "none";
}
