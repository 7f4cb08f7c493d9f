/** The form above a list: its search, its filters, and the time range. */
import { Button, Choice } from "../forms/controls.tsx";
import type { Option } from "../forms/fields.ts";
import { PERIODS, type PeriodQuery, periodName } from "./period.ts";
import { ALL, type Filter, type ListSpec } from "./spec.ts";
import { isNarrowed, type ListState, periodQuery } from "./state.ts";

interface FiltersProps<Row> {
  readonly spec: ListSpec<Row>;
  readonly state: ListState;
  readonly options: ReadonlyMap<string, readonly Option[]>;
}

/** The search and the filters of a list. On a phone the filters open by a button, with and without script. */
export function Filters<Row>({ spec, state, options }: FiltersProps<Row>) {
  const { filters = [], search, path } = spec;
  if (search === undefined && filters.length === 0) return null;
  return (
    <form
      class="filters"
      method="get"
      action={path}
      hx-get={path}
      hx-target="#list"
      hx-select="#list"
      hx-swap="outerHTML"
      hx-push-url="true"
      hx-trigger="input changed delay:250ms, change, submit"
    >
      {search !== undefined && (
        <label class="search">
          Search
          <input type="search" name="q" value={state.q} placeholder={search} maxlength={200} />
        </label>
      )}
      {filters.length > 0 && (
        <>
          <button type="button" class="quiet opens-filters" popovertarget="more-filters">
            Filters
          </button>
          <div class="more-filters" id="more-filters" popover="auto">
            {filters.map((filter) => (
              <FilterField
                filter={filter}
                state={state}
                value={state.filters[filter.name] ?? ""}
                options={options.get(filter.name) ?? []}
              />
            ))}
            <button
              type="button"
              class="quiet opens-filters"
              popovertarget="more-filters"
              popovertargetaction="hide"
            >
              Close filters
            </button>
            <noscript class="opens-filters">
              <Button kind="quiet">Apply filters</Button>
            </noscript>
          </div>
        </>
      )}
      {state.sort !== "" && <input type="hidden" name="sort" value={state.sort} />}
      <noscript>
        <Button kind="quiet">Apply</Button>
      </noscript>
      {isNarrowed(spec, state) && (
        <a class="button quiet" href={path}>
          Clear
        </a>
      )}
    </form>
  );
}

interface PeriodFieldProps {
  readonly label: string;
  readonly query: PeriodQuery;
  readonly timeZone: string;
  readonly options?: readonly Option[];
  /** Of a form that is not sent by htmx: choosing a period sends it. */
  readonly submits?: boolean;
}

/** The custom range appears by a rule of the stylesheet, with and without script. */
export function PeriodField({
  label,
  query,
  timeZone,
  options = PERIODS,
  submits = false,
}: PeriodFieldProps) {
  const moment = (name: "from" | "to", text: string) => (
    <label class="custom-period">
      {text} (<span data-zone>{timeZone}</span>)
      <input type="datetime-local" name={name} value={query[name]} />
    </label>
  );
  return (
    <>
      <Choice
        name="period"
        label={label}
        value={periodName(query, options)}
        options={options}
        submits={submits}
      />
      {moment("from", "From")}
      {moment("to", "To")}
    </>
  );
}

function FilterField({
  filter,
  state,
  value,
  options,
}: {
  filter: Filter;
  state: ListState;
  value: string;
  options: readonly Option[];
}) {
  const { name, label, kind } = filter;
  if (kind === "period") {
    return <PeriodField label={label} query={periodQuery(state)} timeZone={state.timeZone} />;
  }
  if (kind === "text") {
    return (
      <label>
        {label}
        <input type="text" name={name} value={value} maxlength={200} />
      </label>
    );
  }
  const all = filter.initial === undefined ? [] : [{ value: ALL, label: "All" }];
  return (
    <Choice
      name={name}
      label={label}
      value={value}
      options={[...all, ...options]}
      {...(filter.initial === undefined && { none: "All" })}
    />
  );
}
