/** Describes the pages of one REST collection: its list, its form, and its names. */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { CrudResourceName } from "../../core/access/crud-permissions.ts";
import type { Permission } from "../../core/access/permissions.ts";
import type { FieldSpec } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import type { ListSpec } from "../lists/spec.ts";

export type Verb = "list" | "read" | "create" | "update" | "delete";

/** The segment of its REST path, and of its actions unless they are specified. */
type Named =
  | { readonly name: CrudResourceName; readonly actions?: undefined }
  | { readonly name: string; readonly actions: Readonly<Record<Verb, Permission>> };

export type CrudSpec<Row> = Named & CrudRoutes<Row>;

interface CrudRoutes<Row> {
  /** Of its list. */
  readonly path: string;
  readonly title: string;
  readonly noun: string;
  readonly intro: string;
  readonly list: Omit<ListSpec<Row>, "path" | "api" | "rowPath" | "idOf" | "label" | "empty">;
  /** Where there is nothing yet: what it is for. */
  readonly empty: string;
  readonly fields: readonly FieldSpec[];
  readonly nameOf: (row: Row) => string;
  /** Of the whole system's: they are seen and left alone. */
  readonly isForeign?: (row: Row) => boolean;
  /** What goes for good with one that is deleted: then its name must be typed, and there is no way back. */
  readonly destroys?: string;
  /** Buttons beside its name; each posts to a route of its own below the thing's address. */
  readonly does?: readonly {
    readonly action: Permission;
    readonly at: string;
    readonly label: string;
    readonly busy?: string;
  }[];
  /** Where the form's members are not the interface's: the row as the form has it, and what was entered as it is sent. */
  readonly toForm?: FormConversion;
  readonly fromForm?: FormConversion;
  /** Content beside the create button; it checks permissions by itself. */
  readonly beside?: (c: Context<AdminEnv>) => Child;
  /** Posted the form as it stands, this path answers with what it would do (forms/preview.tsx). */
  readonly preview?: string;
  /** Above the form of one that is there. */
  readonly about?: (row: Row) => Child;
  /** Below it. */
  readonly below?: (c: Context<AdminEnv>, row: Row) => Promise<Child>;
}

type FormRow = Record<string, unknown>;

/** `rest` is for names of what the row refers to by id. */
export type FormConversion = (row: FormRow, rest: ApiClient) => FormRow | Promise<FormRow>;

export interface Identified {
  readonly id: string;
}
