/** A collection of the REST interface, said once for people: its list, its form, and what each thing is called. */
import type { Child } from "hono/jsx";
import type { Action } from "../../core/access/actions.ts";
import type { ManagedName } from "../../core/access/managed-actions.ts";
import type { FieldSpec } from "../forms/fields.ts";
import type { ListSpec } from "../lists/spec.ts";
import type { Section } from "../ui/navigation.ts";

export interface Managed<Row> {
  /** Of its actions and of its address in the interface and here. */
  readonly name: ManagedName;
  readonly section: Section;
  readonly title: string;
  readonly noun: string;
  readonly intro: string;
  readonly also?: string;
  readonly list: Omit<ListSpec<Row>, "path" | "api" | "rowPath" | "idOf" | "label" | "empty">;
  /** Where there is nothing yet: what it is for. */
  readonly empty: string;
  readonly fields: readonly FieldSpec[];
  readonly nameOf: (row: Row) => string;
  /** Of the whole system's: they are seen and left alone. */
  readonly isForeign?: (row: Row) => boolean;
  /** Buttons beside its name; each posts to a route of its own below the thing's address. */
  readonly does?: readonly {
    readonly action: Action;
    readonly at: string;
    readonly label: string;
    readonly busy?: string;
  }[];
  /** Beside the button that makes a new one. */
  readonly beside?: Child;
  /** Above the form of one that is there. */
  readonly about?: (row: Row) => Child;
}

export interface Identified {
  readonly id: string;
}
