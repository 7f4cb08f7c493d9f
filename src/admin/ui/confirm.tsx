/** Confirmation of irreversible actions: the user types the name. */

import { Button, Field, Notice, PostForm } from "../forms/controls.tsx";
import type { Frame } from "./frame.ts";
import { Page } from "./layout.tsx";

interface ConfirmProps {
  readonly frame: Frame;
  /** As a question. */
  readonly title: string;
  /** What will be lost, and for whom. */
  readonly says: string;
  readonly name: string;
  readonly action: string;
  readonly submit: string;
  readonly cancel: string;
  readonly hidden?: Readonly<Record<string, string | undefined>>;
  readonly problem?: string | undefined;
}

export function ConfirmPage({
  frame,
  title,
  says,
  name,
  action,
  submit,
  cancel,
  hidden,
  problem,
}: ConfirmProps) {
  return (
    <Page title={title} frame={frame}>
      {problem !== undefined && <Notice bad>{problem}</Notice>}
      <PostForm action={action} token={frame.formToken} hidden={hidden ?? {}} class="wide card">
        <p>{says}</p>
        <Field name="confirm" label={`Type ${name} to confirm`} autocomplete="off" autofocus />
        <div class="start">
          <Button kind="danger">{submit}</Button>
          <a class="button quiet" href={cancel}>
            Cancel
          </a>
        </div>
      </PostForm>
    </Page>
  );
}

export const isConfirmed = (form: Readonly<Record<string, string>>, name: string) =>
  form.confirm?.trim() === name;
