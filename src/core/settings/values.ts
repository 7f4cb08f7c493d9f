/** Values of settings: whether one may be, and what holds in a tenant of all that is stored. */
import { isSettingKey, SETTING_KEYS, SETTINGS, type SettingKey } from "./definitions.ts";
import type { SealedValue } from "./sealed-value.ts";
import type { Setting } from "./setting.ts";

type SettingValue<S extends Setting> = S extends { type: "switch" }
  ? boolean
  : S extends { type: "number" }
    ? number
    : S extends { type: "choice"; options: readonly (infer Option)[] }
      ? Option
      : S extends { type: "text" }
        ? string
        : S extends { type: "names" }
          ? readonly string[]
          : SealedValue | undefined;

export type Settings = { readonly [Key in SettingKey]: SettingValue<(typeof SETTINGS)[Key]> };

export interface StoredSetting {
  readonly key: string;
  readonly value: unknown;
  /** Null: the whole system's. */
  readonly tenantId: string | null;
}

const NAME = /^[^\s\p{Cc}](?:[^\p{Cc}]{0,98}[^\s\p{Cc}])?$/u;

/** The validation message of a value; undefined where it is valid. Secrets in clear. */
export function validateSetting(setting: Setting, value: unknown): string | undefined {
  switch (setting.type) {
    case "switch":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "number": {
      const { min, max, isInteger = false } = setting;
      const isNumber = typeof value === "number" && (!isInteger || Number.isInteger(value));
      if (isNumber && value >= min && value <= max) return undefined;
      return `must be ${isInteger ? "an integer" : "a number"} from ${min} to ${max}`;
    }
    case "choice": {
      const isOption = typeof value === "string" && setting.options.includes(value);
      return isOption ? undefined : `must be one of ${setting.options.join(", ")}`;
    }
    case "text":
      if (typeof value !== "string" || value.length > setting.longest) {
        return `must be a string of at most ${setting.longest} characters`;
      }
      return setting.isUrl === true && value !== "" ? validateUrl(value) : undefined;
    case "names": {
      const fits =
        Array.isArray(value) &&
        value.length <= setting.most &&
        value.every((name) => typeof name === "string" && NAME.test(name));
      return fits ? undefined : `must be a list of at most ${setting.most} names of 1 to 100 characters`;
    }
    case "secret": {
      const fits = typeof value === "string" && value.length > 0 && value.length <= setting.longest;
      return fits ? undefined : `must be a string of 1 to ${setting.longest} characters`;
    }
  }
}

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

function validateUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && LOCAL.has(url.hostname));
  if (url === undefined || !isSafe) return "must be an HTTPS URL";
  if (url.username !== "" || url.password !== "") return "must not contain a password";
  return undefined;
}

const isSealed = (value: unknown): value is SealedValue =>
  typeof value === "object" && value !== null && "sealed" in value && typeof value.sealed === "string";

function fits(setting: Setting, { value, tenantId }: StoredSetting): boolean {
  if (setting.whose === (tenantId === null ? "tenant" : "system")) return false;
  return setting.type === "secret" ? isSealed(value) : validateSetting(setting, value) === undefined;
}

/** Where each value comes from: the tenant itself, the whole system, or the table of settings. */
export function resolveSettings(rows: readonly StoredSetting[]): ReadonlyMap<SettingKey, StoredSetting> {
  const chosen = new Map<SettingKey, StoredSetting>();
  for (const row of rows) {
    // An invalid row is ignored, so that it stops no traffic.
    if (!isSettingKey(row.key) || !fits(SETTINGS[row.key], row)) continue;
    if (row.tenantId !== null || !chosen.has(row.key)) chosen.set(row.key, row);
  }
  return chosen;
}

const defaultValue = (setting: Setting) => (setting.type === "secret" ? undefined : setting.fallback);

/** Each value has been held against its setting, which is what its type was made from. */
const isComplete = (values: object): values is Settings => SETTING_KEYS.every((key) => key in values);

export function readSettings(rows: readonly StoredSetting[]): Settings {
  const chosen = resolveSettings(rows);
  const values = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, chosen.has(key) ? chosen.get(key)?.value : defaultValue(SETTINGS[key])]),
  );
  if (!isComplete(values)) throw new TypeError("a setting is missing");
  return values;
}
