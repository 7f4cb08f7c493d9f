/** Fields as people see them: with label, hint, and what is wrong beside what was typed. */
import type { Child } from "hono/jsx";
import type { InputIssue } from "../../core/errors.ts";
import type { ApiClient } from "../http/api-client.ts";
import { Button, Notice, PostForm } from "./controls.tsx";
import { type FieldSpec, faultsByField, type Option, type Typed } from "./fields.ts";

interface FieldViewProps {
  readonly field: FieldSpec;
  readonly texts: readonly string[];
  readonly options: readonly Option[];
  readonly faults: readonly string[];
}

export interface FormProps {
  readonly action: string;
  readonly token: string;
  readonly fields: readonly FieldSpec[];
  readonly typed: Typed;
  readonly options: ReadonlyMap<string, readonly Option[]>;
  readonly faults?: readonly InputIssue[] | undefined;
  /** What is wrong with the whole. */
  readonly message?: string | undefined;
  readonly hidden?: Readonly<Record<string, string | undefined>>;
  readonly submit: string;
  /** What its button says while it works. */
  readonly busy?: string;
  readonly cancel?: string;
  readonly children?: Child;
}

/** What the fields' lists offer, some of it asked for by REST. */
export async function loadOptions(
  fields: readonly FieldSpec[],
  rest: ApiClient,
): Promise<ReadonlyMap<string, readonly Option[]>> {
  const found = await Promise.all(
    fields.map(async (field): Promise<readonly [string, readonly Option[]]> => {
      if (!("options" in field)) return [field.name, []];
      const { options } = field;
      return [field.name, typeof options === "function" ? await options(rest) : options];
    }),
  );
  return new Map(found);
}

export function Form(props: FormProps) {
  const { action, token, fields, typed, options, hidden, submit, cancel, children } = props;
  const faults = faultsByField(fields, props.faults ?? []);
  const general = faults.get("") ?? [];
  return (
    <PostForm action={action} token={token} hidden={hidden ?? {}} class="wide card">
      {props.message !== undefined && <Notice bad>{props.message}</Notice>}
      {general.length > 0 && <Notice bad>{general.join(" · ")}</Notice>}
      {fields.map((field) => (
        <FieldView
          field={field}
          texts={typed[field.name] ?? []}
          options={options.get(field.name) ?? []}
          faults={faults.get(field.name) ?? []}
        />
      ))}
      {children}
      <div class="start">
        <Button busy={props.busy}>{submit}</Button>
        {cancel !== undefined && (
          <a class="button quiet" href={cancel}>
            Cancel
          </a>
        )}
      </div>
    </PostForm>
  );
}

export function FieldView({ field, texts, options, faults }: FieldViewProps) {
  const { name, label, hint } = field;
  const id = `field-${name.replaceAll(".", "-")}`;
  const told = [
    ...(hint === undefined && field.kind !== "moment" ? [] : [`${id}-hint`]),
    ...(faults.length > 0 ? [`${id}-wrong`] : []),
  ];
  const described = told.length > 0 ? { "aria-describedby": told.join(" ") } : {};
  const attributes = {
    id,
    name,
    ...described,
    ...(faults.length > 0 && { "aria-invalid": "true" as const }),
    // The interface's own words come back beside the field; the browser's bubbles would hide them.
    ...(field.optional !== true && { "aria-required": "true" as const }),
  };
  const below = (
    <>
      {(hint !== undefined || field.kind === "moment") && (
        <span class="hint" id={`${id}-hint`}>
          {hint} {field.kind === "moment" && "UTC"}
        </span>
      )}
      {faults.length > 0 && (
        <span class="wrong" id={`${id}-wrong`}>
          {faults.join(" · ")}
        </span>
      )}
    </>
  );
  if (field.kind === "choices") {
    return (
      <fieldset aria-describedby={described["aria-describedby"]}>
        <legend>{label}</legend>
        {options.map(({ value, label: says }) => (
          <label class="check">
            <input type="checkbox" name={name} value={value} checked={texts.includes(value)} /> {says}
          </label>
        ))}
        {options.length === 0 && <span class="hint">No options available</span>}
        {below}
      </fieldset>
    );
  }
  if (field.kind === "yes") {
    return (
      <div class="field">
        <label class="check">
          <input type="checkbox" value="yes" checked={texts.length > 0} id={id} name={name} {...described} />
          {label}
        </label>
        {below}
      </div>
    );
  }
  return (
    <div class="field">
      <label for={id}>
        {label}
        {field.optional === true && <span class="hint"> optional</span>}
      </label>
      <Control field={field} text={texts[0] ?? ""} options={options} attributes={attributes} />
      {below}
    </div>
  );
}

interface ControlProps {
  readonly field: FieldSpec;
  readonly text: string;
  readonly options: readonly Option[];
  readonly attributes: Readonly<Record<string, string>> & { readonly id: string; readonly name: string };
}

function Control({ field, text, options, attributes }: ControlProps) {
  switch (field.kind) {
    case "long":
    case "lines":
    case "json":
      return (
        <textarea {...attributes} rows={field.kind === "json" ? 10 : 4} spellcheck={field.kind === "long"}>
          {text}
        </textarea>
      );
    case "choice":
      return (
        <select {...attributes}>
          {(field.optional === true || text === "") && <option value="">–</option>}
          {options.map(({ value, label }) => (
            <option value={value} selected={value === text}>
              {label}
            </option>
          ))}
        </select>
      );
    case "number":
      return (
        <input
          {...attributes}
          type="number"
          value={text}
          min={field.min}
          max={field.max}
          step={field.step ?? "any"}
        />
      );
    case "moment":
      return <input {...attributes} type="datetime-local" value={text} />;
    case "secret":
      return <input {...attributes} type="password" maxlength={8000} autocomplete="off" />;
    case "text":
      return (
        <input
          {...attributes}
          type="text"
          value={text}
          maxlength={field.maxlength ?? 500}
          placeholder={field.placeholder}
        />
      );
    default:
      return null;
  }
}
