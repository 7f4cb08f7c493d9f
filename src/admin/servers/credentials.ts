/** How the gateway shows itself to a server, as a form: only what the chosen way needs goes to the interface. */
import type { FieldSpec, Typed } from "../forms/fields.ts";

export const AUTH_TYPES = [
  { value: "none", label: "None" },
  { value: "bearer", label: "Bearer token" },
  { value: "basic", label: "HTTP Basic" },
  { value: "header", label: "Custom header" },
] as const;

export const credentialFields: readonly FieldSpec[] = [
  {
    name: "auth.type",
    label: "Authentication",
    kind: "choice",
    options: AUTH_TYPES,
    initial: "none",
  },
  {
    name: "auth.token",
    label: "Token",
    kind: "secret",
    optional: true,
    hint: "Required for a bearer token.",
  },
  {
    name: "auth.username",
    label: "Username",
    kind: "text",
    optional: true,
    hint: "Required for HTTP Basic.",
  },
  { name: "auth.password", label: "Password", kind: "secret", optional: true },
  {
    name: "auth.name",
    label: "Header name",
    kind: "text",
    optional: true,
    placeholder: "X-API-Key",
    hint: "Required for a custom header.",
  },
  { name: "auth.value", label: "Header value", kind: "secret", optional: true },
];

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  none: [],
  bearer: ["token"],
  basic: ["username", "password"],
  header: ["name", "value"],
};

export function readCredential(typed: Typed): Record<string, string> {
  const type = typed["auth.type"]?.[0] ?? "none";
  const members = (NEEDED[type] ?? []).map((name) => [name, typed[`auth.${name}`]?.[0] ?? ""]);
  return { type, ...Object.fromEntries(members) };
}
