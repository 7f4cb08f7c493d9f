/** How the gateway shows itself to a server, as a form: only what the chosen way needs goes to the interface. */
import { CLIENT_KEY_ALGORITHMS } from "../../core/oauth-client/client-registration.ts";
import type { FieldSpec, Typed } from "../forms/fields.ts";

export const AUTH_TYPES = [
  { value: "none", label: "None" },
  { value: "bearer", label: "Bearer token" },
  { value: "basic", label: "HTTP Basic" },
  { value: "header", label: "Custom header" },
  { value: "user_secret", label: "Each member's own token" },
  { value: "user_oauth", label: "Each member's own account (OAuth)" },
  { value: "client_credentials", label: "OAuth client credentials of the gateway" },
  { value: "identity_jwt", label: "Signed identity of the caller (JWT)" },
  { value: "token_exchange", label: "Token in exchange for the caller's identity" },
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
    hint: "Required for client credentials and token exchange. For accounts of members the gateway registers itself without one.",
  },
  {
    name: "auth.clientSecret",
    shownFor: "oauth",
    label: "Client secret",
    kind: "secret",
    optional: true,
    hint: "Required for client credentials, unless a private key is given.",
  },
  {
    name: "auth.privateKey",
    shownFor: "gateway_client",
    label: "Private key",
    kind: "secret",
    optional: true,
    hint: "In place of the client secret: a PEM text (PKCS #8), with or without its line breaks. It signs the client's assertion (private_key_jwt).",
  },
  {
    name: "auth.keyAlgorithm",
    shownFor: "gateway_client",
    label: "Key algorithm",
    kind: "choice",
    options: CLIENT_KEY_ALGORITHMS.map((value) => ({ value, label: value })),
    initial: "ES256",
    hint: "Signature algorithm of the private key.",
  },
  {
    name: "auth.keyId",
    shownFor: "gateway_client",
    label: "Key ID",
    kind: "text",
    optional: true,
    hint: "Optional. ID of the key at the authorization server.",
  },
  {
    name: "auth.issuer",
    shownFor: "oauth",
    label: "Issuer",
    kind: "text",
    optional: true,
    placeholder: "https://login.example.com",
    hint: "The authorization server. Optional for accounts of members without a client secret. Default: the one that the server names.",
  },
  {
    name: "auth.tokenUrl",
    shownFor: "gateway_client",
    label: "Token URL",
    kind: "text",
    optional: true,
    placeholder: "https://login.example.com/token",
    hint: "In place of the issuer, where it publishes no metadata.",
  },
  {
    name: "auth.exchange",
    shownFor: "token_exchange",
    label: "Form of the exchange",
    kind: "choice",
    optional: true,
    options: [
      { value: "token_exchange", label: "Token exchange (RFC 8693)" },
      { value: "on_behalf_of", label: "On behalf of the user (RFC 7523, Entra)" },
    ],
    hint: "Optional. Default: token exchange, and on behalf of the user at Entra.",
  },
  {
    name: "auth.audience",
    shownFor: "identity",
    label: "Audience",
    kind: "text",
    optional: true,
    hint: "Optional. Audience of the token. Default for a signed identity: the URL of the server.",
  },
  {
    name: "auth.scopes",
    shownFor: "oauth",
    label: "Scopes",
    kind: "text",
    optional: true,
    hint: "Optional, separated by spaces. Default: the scopes that the server requires.",
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
  identity_jwt: [],
  token_exchange: [],
};

const GATEWAY_CLIENT = ["clientId", "clientSecret", "privateKey", "keyId", "issuer", "tokenUrl"];

/** Sent only where something was entered. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  user_secret: ["headerName"],
  user_oauth: ["clientId", "clientSecret", "issuer"],
  client_credentials: GATEWAY_CLIENT,
  identity_jwt: ["audience"],
  token_exchange: [...GATEWAY_CLIENT, "exchange", "audience"],
};

const SECRETS = ["auth.token", "auth.password", "auth.value", "auth.clientSecret", "auth.privateKey"];

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

const HAS_SCOPES = new Set(["user_oauth", "client_credentials", "token_exchange"]);

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
  const credential = Object.fromEntries([...members, ...entered]);
  const key = credential.privateKey === undefined ? {} : { keyAlgorithm: read("keyAlgorithm") };
  return { type, ...credential, ...key, ...(scopes.length > 0 && { scopes }) };
}
