/** Fields as people see them: with label, hint, and what is wrong beside what was typed. */
import type { Child } from "hono/jsx";
import type { InputIssue } from "../../core/errors.ts";
import type { ApiClient } from "../http/api-client.ts";
import { Button, PostForm } from "./controls.tsx";
import { type FieldSpec, faultsByField, fieldId, type Option, type Typed } from "./fields.ts";

interface FieldViewProps {
  readonly field: FieldSpec;
  readonly texts: readonly string[];
  readonly options: readonly Option[];
  readonly faults: readonly string[];
  readonly keepsSecrets?: boolean | undefined;
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
  /** Secrets that were entered are sealed in a hidden field, and kept where they are left empty. */
  readonly keepsSecrets?: boolean;
  readonly submit: string;
  /** The label of its button while the form is being sent. */
  readonly busy?: string;
  readonly cancel?: string;
  readonly children?: Child;
}

/** The options of the fields' lists, some of them loaded from the REST API. */
export async function loadOptions(
  fields: readonly FieldSpec[],
  rest: ApiClient,
): Promise<ReadonlyMap<string, readonly Option[]>> {
  const found = await Promise.all(
    fields.map(async (field): Promise<readonly [string, readonly Option[]]> => {
      if (!("options" in field)) return [field.name, []];
      const { options = [] } = field;
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
      <ErrorSummary message={props.message} general={general} fields={fields} faults={faults} />
      {fields.map((field) => (
        <FieldView
          field={field}
          texts={typed[field.name] ?? []}
          options={options.get(field.name) ?? []}
          faults={faults.get(field.name) ?? []}
          keepsSecrets={props.keepsSecrets}
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

interface SummaryProps {
  readonly message: string | undefined;
  /** Messages that are related to no field. */
  readonly general: readonly string[];
  readonly fields: readonly FieldSpec[];
  readonly faults: ReadonlyMap<string, readonly string[]>;
}

/** What is wrong with the form, with links to the fields. It has the focus when the page opens, without script too. */
function ErrorSummary({ message, general, fields, faults }: SummaryProps) {
  const wrong = fields.filter(({ name }) => faults.has(name));
  const texts = [...(message === undefined ? [] : [message]), ...general];
  if (texts.length === 0 && wrong.length === 0) return null;
  return (
    <div class="notice bad" role="alert" tabindex={-1} autofocus>
      {texts.map((text) => (
        <p>{text}</p>
      ))}
      {wrong.length > 0 && (
        <p>
          {wrong.length === 1 ? "1 field needs" : `${wrong.length} fields need`} attention:{" "}
          {wrong.map(({ name, label }, index) => (
            <>
              {index > 0 && ", "}
              <a href={`#${fieldId(name)}`}>{label}</a>
            </>
          ))}
        </p>
      )}
    </div>
  );
}

export function FieldView({ field, texts, options, faults, keepsSecrets = false }: FieldViewProps) {
  const { name, label, hint, shownFor } = field;
  const id = fieldId(name);
  const hints = [
    ...(hint === undefined && field.kind !== "moment" ? [] : [`${id}-hint`]),
    ...(faults.length > 0 ? [`${id}-wrong`] : []),
  ];
  const described = hints.length > 0 ? { "aria-describedby": hints.join(" ") } : {};
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
      <fieldset id={id} tabindex={-1} aria-describedby={described["aria-describedby"]}>
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
    <div class="field" data-for={shownFor}>
      <label for={id}>
        {label}
        {field.optional === true && <span class="hint"> optional</span>}
      </label>
      <Control
        field={field}
        text={texts[0] ?? ""}
        options={options}
        attributes={attributes}
        keepsSecrets={keepsSecrets}
      />
      {field.kind === "text" && options.length > 0 && (
        <datalist id={`${id}-suggestions`}>
          {options.map(({ value }) => (
            <option value={value} />
          ))}
        </datalist>
      )}
      {below}
    </div>
  );
}

interface ControlProps {
  readonly field: FieldSpec;
  readonly text: string;
  readonly options: readonly Option[];
  readonly attributes: Readonly<Record<string, string>> & { readonly id: string; readonly name: string };
  readonly keepsSecrets: boolean;
}

function Control({ field, text, options, attributes, keepsSecrets }: ControlProps) {
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
      return (
        <input
          {...attributes}
          type="password"
          maxlength={8000}
          autocomplete="off"
          {...(keepsSecrets && text !== "" && { placeholder: "Kept. Enter a value to replace it." })}
        />
      );
    case "text":
      return (
        <input
          {...attributes}
          type="text"
          value={text}
          maxlength={field.maxlength ?? 500}
          placeholder={field.placeholder}
          {...(options.length > 0 && { list: `${attributes.id}-suggestions` })}
        />
      );
    default:
      return null;
  }
}
