/** How the gateway shows itself to a server, as a form: only what the chosen way needs goes to the interface. */
import type { FieldSpec, Typed } from "../forms/fields.ts";

export const AUTH_TYPES = [
  { value: "none", label: "None" },
  { value: "bearer", label: "Bearer token" },
  { value: "basic", label: "HTTP Basic" },
  { value: "header", label: "Custom header" },
  { value: "user_secret", label: "Each member's own token" },
  { value: "user_oauth", label: "Each member's own account (OAuth)" },
  { value: "client_credentials", label: "OAuth client credentials of the gateway" },
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
    shownFor: "bearer",
    label: "Token",
    kind: "secret",
    optional: true,
    hint: "Required for a bearer token.",
  },
  {
    name: "auth.username",
    shownFor: "basic",
    label: "Username",
    kind: "text",
    optional: true,
    hint: "Required for HTTP Basic.",
  },
  { name: "auth.password", shownFor: "basic", label: "Password", kind: "secret", optional: true },
  {
    name: "auth.name",
    shownFor: "header",
    label: "Header name",
    kind: "text",
    optional: true,
    placeholder: "X-API-Key",
    hint: "Required for a custom header.",
  },
  { name: "auth.value", shownFor: "header", label: "Header value", kind: "secret", optional: true },
  {
    name: "auth.headerName",
    shownFor: "user_secret",
    label: "Credential header",
    kind: "text",
    optional: true,
    placeholder: "X-API-Key",
    hint: "Optional. Default: a bearer token in Authorization. Members connect their accounts under Connected accounts.",
  },
  {
    name: "auth.clientId",
    shownFor: "oauth",
    label: "Client ID",
    kind: "text",
    optional: true,
    hint: "Required for client credentials. For accounts of members the gateway registers itself without one.",
  },
  {
    name: "auth.clientSecret",
    shownFor: "oauth",
    label: "Client secret",
    kind: "secret",
    optional: true,
    hint: "Required for client credentials. A client with a private key is configured over REST.",
  },
  {
    name: "auth.issuer",
    shownFor: "oauth",
    label: "Issuer",
    kind: "text",
    optional: true,
    placeholder: "https://login.example.com",
    hint: "The authorization server. Optional without a client secret. Default: the one that the server names.",
  },
  {
    name: "auth.scopes",
    shownFor: "oauth",
    label: "Scopes",
    kind: "text",
    optional: true,
    hint: "Optional, separated by spaces. Default: the scopes that the server asks for.",
  },
];

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  none: [],
  bearer: ["token"],
  basic: ["username", "password"],
  header: ["name", "value"],
  user_secret: [],
  user_oauth: [],
  client_credentials: [],
};

/** Sent only where something was entered. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  user_secret: ["headerName"],
  user_oauth: ["clientId", "clientSecret", "issuer"],
  client_credentials: ["clientId", "clientSecret", "issuer"],
};

const SECRETS = ["auth.token", "auth.password", "auth.value", "auth.clientSecret"];

/** The secrets among what was entered, to be kept while the form is corrected. */
export const pickSecrets = (typed: Typed): Record<string, string> =>
  Object.fromEntries(
    SECRETS.flatMap((name) => {
      const text = typed[name]?.[0] ?? "";
      return text === "" ? [] : [[name, text]];
    }),
  );

/** What was entered, with the kept secrets in fields that were left empty. */
export const withSecrets = (typed: Typed, kept: Readonly<Record<string, string>>): Typed => ({
  ...Object.fromEntries(Object.entries(kept).map(([name, text]) => [name, [text]])),
  ...Object.fromEntries(
    Object.entries(typed).filter(([name, [text = ""]]) => text !== "" || kept[name] === undefined),
  ),
});

const HAS_SCOPES = new Set(["user_oauth", "client_credentials"]);

export function readCredential(typed: Typed): Record<string, unknown> {
  const type = typed["auth.type"]?.[0] ?? "none";
  const read = (name: string) => typed[`auth.${name}`]?.[0] ?? "";
  const members = (NEEDED[type] ?? []).map((name) => [name, read(name)]);
  const entered = (OPTIONAL[type] ?? []).flatMap((name) => {
    const text = read(name).trim();
    return text === "" ? [] : [[name, text]];
  });
  const scopes = HAS_SCOPES.has(type)
    ? read("scopes")
        .split(/[\s,]+/)
        .filter((scope) => scope !== "")
    : [];
  return { type, ...Object.fromEntries([...members, ...entered]), ...(scopes.length > 0 && { scopes }) };
}
