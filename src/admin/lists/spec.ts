/** Describes a list: its source, its columns, its filters and its sort orders. */
import type { Child } from "hono/jsx";
import type { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import type { Option, Options } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";

export interface Column<Row> {
  /** The member that it shows; what the list can be sorted by where `sorts` is set. */
  readonly name: string;
  readonly label: string;
  /** Without it, the column is only in the CSV file. */
  readonly show?: (row: Row) => Child;
  readonly sorts?: boolean;
  /** Right-aligned. */
  readonly number?: boolean;
  /** In the CSV file; otherwise the member as it is. */
  readonly plain?: (row: Row) => unknown;
}

export interface Filter {
  /** The interface's parameter. */
  readonly name: string;
  readonly label: string;
  /** `period` is the time range: presets, `from` and `to`. */
  readonly kind: "choice" | "text" | "period";
  readonly options?: Options;
  /** What a choice is narrowed to until the user chooses something else; `all` is the name of no choice then. */
  readonly initial?: string;
  /** What the interface takes for all of them, where it is not the absence of the parameter. */
  readonly all?: string;
}

export const ALL = "all";

export const PERIOD_FILTER: Filter = { name: "period", label: "Time range", kind: "period" };

/** What can be done to the marked rows. */
export interface BulkAction {
  readonly name: string;
  readonly label: string;
  readonly action: Permission;
  readonly danger?: boolean;
  /** Runs once per row; errors are reported. */
  readonly run: (rest: ApiClient, id: string) => Promise<{ readonly ok: boolean }>;
  /** The notice after so many rows have been changed. */
  readonly done: (count: number) => string;
}

export interface ListSpec<Row> {
  /** The page's own address; its CSV file is beside it. */
  readonly path: string;
  /** Of the REST interface. */
  readonly api: string;
  readonly shape: z.ZodType<Row>;
  /** What the interface gives only as ids, for all rows of a page at once. */
  readonly complete?: (rest: ApiClient, rows: readonly Row[]) => Promise<readonly Row[]>;
  /** Of the table, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly filters?: readonly Filter[];
  /** What the search covers, as its field shows it; undefined without a search. */
  readonly search?: string;
  /** The interface's parameter for it, where it is not `q`. */
  readonly searchAs?: string;
  /** Filters that always apply. */
  readonly always?: Readonly<Record<string, string>>;
  /** As the interface writes it: "-createdAt". */
  readonly usual: string;
  /** Where a row's name leads. */
  readonly rowPath?: (row: Row) => string;
  readonly idOf?: (row: Row) => string;
  readonly bulk?: readonly BulkAction[];
  /** Where there is nothing yet: what it is for, and what to do. */
  readonly empty: { readonly title: string; readonly says: string; readonly action?: Child };
}

export const YES_NO: readonly Option[] = [
  { value: "true", label: "Yes" },
  { value: "false", label: "No" },
];

export const optionsFrom = (values: readonly string[]): readonly Option[] =>
  values.map((value) => ({ value, label: value.replaceAll("_", " ") }));
