/** The query of a list is kept in its URL and nowhere else, so that it can be shared, bookmarked and returned to. */
import { type Query, toQuery } from "../http/api-client.ts";
import { type PeriodQuery, resolvePeriod } from "./period.ts";
import { ALL, type Filter, type ListSpec } from "./spec.ts";

export const PAGE_SIZE = 50;

export interface ListState {
  readonly q: string;
  readonly filters: Readonly<Record<string, string>>;
  readonly sort: string;
  readonly cursor: string;
  /** Of the reader: the zone of `from` and `to`, and of days. */
  readonly timeZone: string;
}

type Known = Pick<ListSpec<never>, "filters" | "usual" | "always" | "path" | "search" | "searchAs">;

/** The parameters of a filter. */
const parametersOf = ({ name, kind }: Filter) => (kind === "period" ? ["period", "from", "to"] : [name]);

export function parseListState(
  spec: Known,
  query: (name: string) => string | undefined,
  timeZone: string,
): ListState {
  return {
    timeZone,
    q: spec.search === undefined ? "" : (query("q")?.trim() ?? ""),
    filters: Object.fromEntries(
      (spec.filters ?? []).flatMap((filter) =>
        parametersOf(filter).map((name) => [name, query(name)?.trim() ?? filter.initial ?? ""]),
      ),
    ),
    sort: query("sort") ?? "",
    cursor: query("cursor") ?? "",
  };
}

export const isNarrowed = (spec: Known, { q, filters }: ListState) =>
  q !== "" ||
  (spec.filters ?? []).some((filter) =>
    parametersOf(filter).some((name) => (filters[name] ?? "") !== (filter.initial ?? "")),
  );

/** For the REST interface. */
export function restQuery(spec: Known, state: ListState, limit = PAGE_SIZE): Query {
  const { cursor, q } = state;
  // A search without an explicit order is sorted by relevance if the list supports it.
  const sort = state.sort === "" && q === "" ? spec.usual : state.sort;
  const filters = (spec.filters ?? []).flatMap(({ name, kind, all = "" }): [string, string | undefined][] => {
    if (kind === "period")
      return Object.entries(resolvePeriod(periodQuery(state), new Date(), state.timeZone));
    const value = state.filters[name] ?? "";
    return [[name, value === ALL ? all : value]];
  });
  return { ...spec.always, ...Object.fromEntries(filters), [spec.searchAs ?? "q"]: q, sort, cursor, limit };
}

export const periodQuery = ({ filters: { period = "", from = "", to = "" } }: ListState): PeriodQuery => ({
  ...{ period, from, to },
});

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
