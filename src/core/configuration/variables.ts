/**
 * Reads and checks the variables of a deployment. The Worker reads them before anything else, so this is a few functions
 * and not a validation library, which takes longer to evaluate than the MCP path.
 */
import { ConfigurationError, type ConfigurationIssue } from "../errors.ts";

/** What a rule makes of a binding: its value, or what is wrong with it, as a message that continues the name. */
export type RuleResult<T> = { readonly value: T } | { readonly fault: string };

/** Applies to bindings that are there; `fallback` gives the value of those that are not. */
export interface Rule<T> {
  readonly read: (binding: unknown) => RuleResult<T>;
  readonly fallback?: { readonly value: T };
}

type Rules = Readonly<Record<string, Rule<unknown>>>;
export type Values<R extends Rules> = {
  readonly [Name in keyof R]: R[Name] extends Rule<infer T> ? T : never;
};

export interface VariableChecks<R extends Rules> {
  readonly rules: R;
  /** What is wrong with values that satisfy their rules, each by itself. */
  readonly check: (values: Values<R>) => readonly ConfigurationIssue[];
  /** Issues that are known already. */
  readonly known: readonly ConfigurationIssue[];
}

/** Throws one error that names every variable at fault. */
export function readVariables<R extends Rules>(
  bindings: Readonly<Record<string, unknown>>,
  { rules, check, known }: VariableChecks<R>,
): Values<R> {
  const values: Record<string, unknown> = {};
  const issues: ConfigurationIssue[] = [];
  for (const [variable, { read, fallback }] of Object.entries(rules)) {
    const result = readBinding(bindings[variable], read, fallback);
    if ("fault" in result) issues.push({ variable, message: result.fault });
    else values[variable] = result.value;
  }
  if (!isComplete(values, rules)) throw new ConfigurationError([...issues, ...known]);
  const faults = [...check(values), ...known];
  if (faults.length > 0) throw new ConfigurationError(faults);
  return values;
}

function readBinding<T>(
  binding: unknown,
  read: Rule<T>["read"],
  fallback: Rule<T>["fallback"],
): RuleResult<T> {
  if (binding !== undefined) return read(binding);
  return fallback ?? { fault: "is required" };
}

const isComplete = <R extends Rules>(values: object, rules: R): values is Values<R> =>
  Object.keys(rules).every((name) => name in values);

export const optional = <T>({ read }: Rule<T>): Rule<T | undefined> => ({
  read,
  fallback: { value: undefined },
});

export const withDefault = <T>({ read }: Rule<T>, value: T): Rule<T> => ({ read, fallback: { value } });

/** `parse` returns undefined for a text that does not satisfy the rule. */
export const text = <T>(parse: (binding: string) => T | undefined, fault: string): Rule<T> => ({
  read(binding) {
    const value = typeof binding === "string" ? parse(binding) : undefined;
    return value === undefined ? { fault } : { value };
  },
});

export const nonEmptyText = text((value) => (value === "" ? undefined : value), "must not be empty");

export const choice = <const T extends string>(...allowed: readonly T[]): Rule<T> =>
  text((value) => allowed.find((each) => each === value), `must be one of ${allowed.join(", ")}`);

export const integer = (min: number, max: number): Rule<number> => ({
  read(binding) {
    const value = typeof binding === "string" || typeof binding === "number" ? Number(binding) : Number.NaN;
    const isValid = Number.isInteger(value) && value >= min && value <= max;
    return isValid ? { value } : { fault: `must be a whole number from ${min} to ${max}` };
  },
});

const isHttp = ({ protocol }: URL) => protocol === "http:" || protocol === "https:";

export const httpUrl = text((value) => {
  const url = URL.parse(value);
  return url !== null && isHttp(url) ? value : undefined;
}, "must be an HTTP or HTTPS URL");

/** Only the origin of the URL is kept. */
export const originUrl = text((value) => {
  const url = URL.parse(value);
  return url !== null && isHttp(url) ? url.origin : undefined;
}, "must be an HTTP or HTTPS URL");

export const emailAddress = text(
  (value) =>
    /^(?!\.)(?!.*\.\.)[\w'+\-.]*[\w+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/.test(value)
      ? value
      : undefined,
  "must be an email address",
);

/** A binding that is an object of the platform, recognized by one of its methods. */
export const binding = <T extends object>(
  isBinding: (value: object) => value is T,
  fault: string,
): Rule<T> => ({
  read: (value) => (typeof value === "object" && value !== null && isBinding(value) ? { value } : { fault }),
});
