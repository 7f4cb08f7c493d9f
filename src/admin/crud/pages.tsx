/** The pages of one resource: creation, update, and the conflict with a concurrent update. */

import type { Child } from "hono/jsx";
import type { InputIssue } from "../../core/errors.ts";
import { Button, LinkButton, Notice, PostForm } from "../forms/controls.tsx";
import { type FieldSpec, initialValues, type Option, type Typed } from "../forms/fields.ts";
import { Form } from "../forms/form.tsx";
import { FormPreview } from "../forms/preview.tsx";
import { TableHead } from "../ui/components.tsx";
import type { Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import type { CrudSpec } from "./spec.ts";

export interface PageLocation {
  readonly frame: Frame;
  /** Of the list. */
  readonly title: string;
  readonly path: string;
  readonly noun: string;
  readonly fields: readonly FieldSpec[];
  readonly options: ReadonlyMap<string, readonly Option[]>;
  readonly preview: string | undefined;
}

/** What became of what was sent. */
export interface FormOutcome {
  readonly typed: Typed;
  readonly faults?: readonly InputIssue[];
  readonly message?: string;
}

export function NewPage({
  place,
  outcome,
  once,
}: {
  place: PageLocation;
  outcome?: FormOutcome;
  once: string;
}) {
  const { frame, title, path, noun, fields, options } = place;
  return (
    <Page title={`Create ${noun}`} frame={frame} crumbs={[{ label: title, path }]}>
      <Form
        action={`${path}/new`}
        token={frame.formToken}
        fields={fields}
        typed={outcome?.typed ?? initialValues(fields)}
        options={options}
        faults={outcome?.faults}
        message={outcome?.message}
        hidden={{ once }}
        submit={`Create ${noun}`}
        cancel={path}
      >
        <FormPreview path={place.preview} />
      </Form>
    </Page>
  );
}

interface OneProps {
  readonly place: PageLocation;
  readonly id: string;
  readonly name: string;
  readonly etag: string | undefined;
  readonly outcome: FormOutcome;
  readonly mayChange: boolean;
  readonly mayDelete: boolean;
  readonly about?: Child;
  readonly below?: Child;
  /** To be deleted on a page of its own. */
  readonly isFinal: boolean;
  readonly does: NonNullable<CrudSpec<never>["does"]>;
  /** The concurrent version in case of a conflict. */
  readonly theirs?: Typed;
}

export function OnePage({
  place,
  id,
  name,
  etag,
  outcome,
  mayChange,
  mayDelete,
  about,
  below,
  isFinal,
  does,
  theirs,
}: OneProps) {
  const { frame, title, path, noun, fields, options } = place;
  const changeable = fields.filter(({ fixed }) => fixed !== true);
  const here = `${path}/${id}`;
  return (
    <Page
      title={name}
      frame={frame}
      crumbs={[{ label: title, path }]}
      actions={
        <>
          {does.map(({ at, label, busy }) => (
            <PostForm action={`${here}/${at}`} token={frame.formToken} class="inline">
              <Button kind="quiet" busy={busy}>
                {label}
              </Button>
            </PostForm>
          ))}
          {mayDelete && isFinal && (
            <LinkButton to={`${here}/delete`} kind="danger">
              Delete
            </LinkButton>
          )}
          {mayDelete && !isFinal && (
            <PostForm action={`${here}/delete`} token={frame.formToken} class="inline">
              <Button kind="danger">Delete</Button>
            </PostForm>
          )}
        </>
      }
    >
      {about}
      {theirs !== undefined && (
        <Differences fields={changeable} mine={outcome.typed} theirs={theirs} reload={here} />
      )}
      {mayChange ? (
        <Form
          action={here}
          token={frame.formToken}
          fields={changeable}
          typed={outcome.typed}
          options={options}
          faults={outcome.faults}
          message={outcome.message}
          hidden={{ etag }}
          submit={theirs === undefined ? "Save changes" : "Overwrite"}
          cancel={path}
        >
          <FormPreview
            path={place.preview && `${place.preview}?id=${here.slice(here.lastIndexOf("/") + 1)}`}
          />
        </Form>
      ) : (
        <ReadOnly fields={fields} typed={outcome.typed} options={options} noun={noun} />
      )}
      {below}
    </Page>
  );
}

const shown = (texts: readonly string[] | undefined) => (texts ?? []).join(", ");

interface DifferencesProps {
  readonly fields: readonly FieldSpec[];
  readonly mine: Typed;
  readonly theirs: Typed;
  readonly reload: string;
}

export function Differences({ fields, mine, theirs, reload }: DifferencesProps) {
  const different = fields.filter(({ name }) => shown(mine[name]) !== shown(theirs[name]));
  return (
    <section class="card" aria-labelledby="differences">
      <Notice bad>This was changed after you opened it. Your changes are not saved.</Notice>
      <h2 id="differences">Conflicts</h2>
      {different.length === 0 && <p>No differences.</p>}
      {different.length > 0 && (
        <div class="scroll">
          <table>
            <TableHead columns={["Field", "Your value", "Current value"]} />
            <tbody>
              {different.map(({ name, label }) => (
                <tr>
                  <th scope="row">{label}</th>
                  <td>
                    <ins>{shown(mine[name]) || "empty"}</ins>
                  </td>
                  <td>{shown(theirs[name]) || "empty"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p>
        Overwrite with your values, or <a href={reload}>discard your changes</a>.
      </p>
    </section>
  );
}

function ReadOnly({
  fields,
  typed,
  options,
}: Pick<PageLocation, "fields" | "options" | "noun"> & { typed: Typed }) {
  const labelOf = (field: FieldSpec, text: string) =>
    options.get(field.name)?.find(({ value }) => value === text)?.label ?? text;
  return (
    <dl class="details card">
      {fields.map((field) => (
        <>
          <dt>{field.label}</dt>
          <dd>{(typed[field.name] ?? []).map((text) => labelOf(field, text)).join(", ") || "–"}</dd>
        </>
      ))}
    </dl>
  );
}
