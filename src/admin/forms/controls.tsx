/** The parts of forms. They are plain posts, so that every page works without script. */
import type { Child } from "hono/jsx";
import { FORM_TOKEN } from "../http/page-context.ts";
import type { Option } from "./fields.ts";

interface PostFormProps {
  readonly action: string;
  readonly token: string;
  readonly hidden?: Readonly<Record<string, string | undefined>>;
  readonly class?: string;
  /** Turned at once by the script. */
  readonly theme?: boolean;
  readonly children?: Child;
}

export function PostForm(props: PostFormProps) {
  const { action, token, hidden = {}, theme = false, children } = props;
  return (
    <form method="post" action={action} class={props.class ?? ""} {...(theme && { "data-theme-form": "" })}>
      <input type="hidden" name={FORM_TOKEN} value={token} />
      {Object.entries(hidden).map(
        ([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />,
      )}
      {children}
    </form>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password";
  readonly value?: string | undefined;
  readonly hint?: string;
  readonly autocomplete?: string;
  readonly inputmode?: "numeric" | "text" | "email";
  readonly minlength?: number;
  readonly maxlength?: number;
  readonly optional?: boolean;
  readonly autofocus?: boolean;
}

export function Field({
  label,
  hint,
  optional = false,
  type = "text",
  maxlength = 320,
  ...input
}: FieldProps) {
  return (
    <label>
      {label}
      <input type={type} required={!optional} maxlength={maxlength} {...input} />
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  /** What it is called to choose none of them, where that may be. */
  readonly none?: string;
  /** Takes effect at once, where there is script. */
  readonly submits?: boolean;
}

export function Choice({ name, label, value, options, none, submits = false }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name} {...(submits && { "data-submits": "" })}>
        {none !== undefined && <option value="">{none}</option>}
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Check({ name, label, checked = false }: { name: string; label: string; checked?: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" name={name} value="yes" checked={checked} /> {label}
    </label>
  );
}

interface ButtonProps {
  readonly kind?: "main" | "quiet" | "danger";
  readonly name?: string;
  readonly value?: string;
  /** For what is on or off. */
  readonly pressed?: boolean;
  /** The label while the form is being sent. */
  readonly busy?: string | undefined;
  readonly children?: Child;
}

export function Button({ kind = "main", pressed, busy, children, ...rest }: ButtonProps) {
  return (
    <button type="submit" class={kind} aria-pressed={pressed} data-busy={busy} {...rest}>
      {children}
    </button>
  );
}

export function LinkButton({ to, kind = "main", children }: { to: string; kind?: string; children?: Child }) {
  return (
    <a class={`button ${kind}`} href={to}>
      {children}
    </a>
  );
}

export function Notice({ bad = false, children }: { bad?: boolean; children?: Child }) {
  return (
    <p class={bad ? "notice bad" : "notice"} role={bad ? "alert" : "status"}>
      {children}
    </p>
  );
}
