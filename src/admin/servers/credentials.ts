/** How the gateway shows itself to a server, as a form: only what the chosen way needs goes to the interface. */
import type { FieldSpec, Typed } from "../forms/fields.ts";

export const WAYS = [
  { value: "none", label: "Nothing: it asks nobody who they are" },
  { value: "bearer", label: "Bearer token" },
  { value: "basic", label: "User name and password" },
  { value: "header", label: "A header of its own" },
] as const;

export const credentialFields: readonly FieldSpec[] = [
  {
    name: "auth.type",
    label: "The gateway proves itself by",
    kind: "choice",
    options: WAYS,
    initial: "none",
  },
  { name: "auth.token", label: "Token", kind: "secret", optional: true, hint: "For a bearer token." },
  {
    name: "auth.username",
    label: "User name",
    kind: "text",
    optional: true,
    hint: "For user name and password.",
  },
  { name: "auth.password", label: "Password", kind: "secret", optional: true },
  {
    name: "auth.name",
    label: "Header's name",
    kind: "text",
    optional: true,
    placeholder: "X-API-Key",
    hint: "For a header of its own.",
  },
  { name: "auth.value", label: "Header's value", kind: "secret", optional: true },
];

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  none: [],
  bearer: ["token"],
  basic: ["username", "password"],
  header: ["name", "value"],
};

export function credentialIn(typed: Typed): Record<string, string> {
  const type = typed["auth.type"]?.[0] ?? "none";
  const members = (NEEDED[type] ?? []).map((name) => [name, typed[`auth.${name}`]?.[0] ?? ""]);
  return { type, ...Object.fromEntries(members) };
}
