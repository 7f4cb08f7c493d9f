/** A setting's form: one field, built from the setting's definition. */
import { getSetting } from "../../core/settings/definitions.ts";
import type { Setting } from "../../core/settings/setting.ts";
import { type FieldSpec, readFields, type Typed } from "../forms/fields.ts";

const ON_OFF = [
  { value: "on", label: "on" },
  { value: "off", label: "off" },
];

export function settingField(setting: Setting): FieldSpec {
  const common = { name: "value", label: "Value", hint: setting.description };
  switch (setting.type) {
    case "switch":
      return { ...common, kind: "choice", options: ON_OFF };
    case "choice":
      return {
        ...common,
        kind: "choice",
        options: setting.options.map((value) => ({ value, label: value })),
      };
    case "number":
      return { ...common, kind: "number", min: setting.min, max: setting.max };
    case "text":
      return setting.isUrl === true
        ? { ...common, kind: "text", maxlength: setting.longest, optional: true }
        : { ...common, kind: "long", maxlength: setting.longest, optional: true };
    case "names":
      return { ...common, kind: "lines", hint: `${setting.description} One per line.`, optional: true };
    case "secret":
      return {
        ...common,
        kind: "text",
        maxlength: setting.longest,
        hint: `${setting.description} Encrypted when saved and never shown again.`,
      };
  }
}

export function toTyped(setting: Setting, value: unknown): Typed {
  if (setting.type === "secret") return { value: [] };
  if (setting.type === "switch") return { value: [value === true ? "on" : "off"] };
  return { value: [Array.isArray(value) ? value.join("\n") : String(value ?? "")] };
}

/** What goes to the interface; what it cannot be at all is a fault. */
export function readValue(setting: Setting, typed: Typed) {
  const { body, faults } = readFields([settingField(setting)], typed);
  const value = setting.type === "switch" ? body.value === "on" : (body.value ?? "");
  return { value, faults };
}

/** For lists. */
export function shown(key: string, value: unknown, isSet: boolean): string {
  const setting = getSetting(key);
  if (setting?.type === "secret") return isSet ? "••••••••" : "not set";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return value === "" || value === null || value === undefined ? "empty" : String(value);
}
