/** Lists: search, filters, order, pages; the parts that change are exchanged by htmx, and without script by the browser. */
import type { Child } from "hono/jsx";
import { Button, Notice } from "../forms/controls.tsx";
import type { Option } from "../forms/fields.ts";
import { type ApiClient, ApiError, pageShape } from "../http/api-client.ts";
import { Empty } from "../ui/components.tsx";
import { Filters } from "./filters.tsx";
import type { BulkAction, Filter, ListSpec } from "./spec.ts";
import { isNarrowed, type ListState, listUrl, restQuery, sortDirection, sortedBy } from "./state.ts";

export interface LoadedList<Row> {
  readonly spec: ListSpec<Row>;
  readonly state: ListState;
  readonly rows: readonly Row[];
  readonly nextCursor: string | null;
  readonly options: ReadonlyMap<string, readonly Option[]>;
  /** What is invalid in the query. */
  readonly problem: string | undefined;
}

export async function loadList<Row>(
  rest: ApiClient,
  spec: ListSpec<Row>,
  state: ListState,
): Promise<LoadedList<Row>> {
  const [found, options] = await Promise.all([
    read(rest, spec, state),
    filterOptions(spec.filters ?? [], rest),
  ]);
  return { spec, state, options, ...found };
}

async function read<Row>(rest: ApiClient, spec: ListSpec<Row>, state: ListState) {
  try {
    const { value } = await rest.read(spec.api, pageShape(spec.shape), restQuery(spec, state));
    const rows = (await spec.complete?.(rest, value.items)) ?? value.items;
    return { rows, nextCursor: value.nextCursor, problem: undefined };
  } catch (error) {
    // A query string may be outdated or edited: an invalid filter is reported, and the list is still shown.
    if (!(error instanceof ApiError) || error.code !== "bad_request") throw error;
    const problem = error.errors.map(({ path, message }) => `${path} ${message}`).join(" · ");
    return { rows: [], nextCursor: null, problem: problem === "" ? error.message : problem };
  }
}

async function filterOptions(filters: readonly Filter[], rest: ApiClient) {
  const found = await Promise.all(
    filters.map(
      async ({ name, options = [] }): Promise<readonly [string, readonly Option[]]> => [
        name,
        typeof options === "function" ? await options(rest) : options,
      ],
    ),
  );
  return new Map(found);
}

interface ListProps<Row> {
  readonly list: LoadedList<Row>;
  readonly formToken: string;
  /** Of the spec's: those that this person may do. */
  readonly bulk?: readonly BulkAction[];
}

export function List<Row>({ list, formToken, bulk = [] }: ListProps<Row>) {
  const { spec, state, rows, problem } = list;
  const isFresh =
    rows.length === 0 && !isNarrowed(spec, state) && state.cursor === "" && problem === undefined;
  const isNarrowedFromStart = spec.filters?.some(({ initial }) => initial !== undefined) ?? false;
  if (isFresh && !isNarrowedFromStart) {
    return (
      <div class="card" id="list">
        <Empty title={spec.empty.title}>
          <p>{spec.empty.says}</p>
          {spec.empty.action}
        </Empty>
      </div>
    );
  }
  return (
    <>
      <Filters spec={spec} state={state} options={list.options} />
      <div id="list" class="list">
        {problem !== undefined && <Notice bad>{problem}</Notice>}
        {rows.length === 0 && problem === undefined && (
          <div class="card">
            <Empty title="No results">
              <p>
                No entries match these filters. <a href={spec.path}>Clear filters</a>
              </p>
            </Empty>
          </div>
        )}
        {rows.length > 0 && bulk.length === 0 && <Table list={list} />}
        {rows.length > 0 && bulk.length > 0 && (
          <form method="post" action={`${spec.path}/marked`}>
            <input type="hidden" name="form_token" value={formToken} />
            <Table list={list} marks />
            <div class="start">
              <span class="quiet-text">Selected:</span>
              {bulk.map(({ name, label, danger = false }) => (
                <Button kind={danger ? "danger" : "quiet"} name="do" value={name}>
                  {label}
                </Button>
              ))}
            </div>
          </form>
        )}
        <Pager list={list} />
      </div>
    </>
  );
}

const ARROWS = { ascending: " ↑", descending: " ↓", none: "" } as const;

function Table<Row>({
  list: { spec, state, rows },
  marks = false,
}: {
  list: LoadedList<Row>;
  marks?: boolean;
}) {
  const { label, rowPath, idOf } = spec;
  const columns = spec.columns.flatMap(({ show, ...column }) =>
    show === undefined ? [] : [{ ...column, show }],
  );
  const cellOf = (row: Row, index: number, shown: Child): Child =>
    index === 0 && rowPath !== undefined ? <a href={rowPath(row)}>{shown}</a> : shown;
  return (
    <section class="scroll cards" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>
            {marks && (
              <th class="mark">
                <input type="checkbox" aria-label="Select all" data-selects="marked" />
              </th>
            )}
            {columns.map(({ name, label: head, sorts = false, number = false }) => {
              const direction = sortDirection(spec, state, name);
              return (
                <th scope="col" class={number ? "number" : ""} aria-sort={sorts ? direction : undefined}>
                  {sorts ? (
                    <a href={sortedBy(spec, state, name)}>
                      {head}
                      <span aria-hidden="true">{ARROWS[direction]}</span>
                    </a>
                  ) : (
                    head
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {marks && (
                <td class="mark">
                  <input type="checkbox" name="marked" value={idOf?.(row) ?? ""} aria-label="Select row" />
                </td>
              )}
              {columns.map(({ show, label: head, number = false }, index) => (
                <td class={number ? "number" : ""} data-label={index === 0 ? undefined : head}>
                  {cellOf(row, index, show(row))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Pager<Row>({ list: { spec, state, rows, nextCursor } }: { list: LoadedList<Row> }) {
  const isFirst = state.cursor === "";
  return (
    <nav class="row pager" aria-label="Pagination">
      <span class="quiet-text">
        {rows.length} {rows.length === 1 ? "entry" : "entries"}
        {(!isFirst || nextCursor !== null) && " on this page"}
      </span>
      <span class="start">
        {!isFirst && <a href={listUrl(spec, state, { cursor: "" })}>First page</a>}
        {nextCursor !== null && (
          <a class="button quiet" href={listUrl(spec, state, { cursor: nextCursor })}>
            Next page
          </a>
        )}
        {rows.length > 0 && (
          <a href={listUrl(spec, state, { cursor: "" }, ".csv")} download>
            CSV
          </a>
        )}
      </span>
    </nav>
  );
}
