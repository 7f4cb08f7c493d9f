/** The schema of upstream credentials as callers of the REST interface send them. */
import { z } from "zod";
import { CLIENT_KEY_ALGORITHMS } from "../core/oauth-client/client-registration.ts";
import { PROVIDERS, TOKEN_EXCHANGE_FORMS } from "../core/oauth-client/providers.ts";

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be a valid header name");
const headerValue = z.string().regex(/^[\x20-\x7e]{1,8000}$/, "must be printable ASCII");

/** Headers of the connection or of the protocol: no credential may use their names. */
const RESERVED_HEADERS =
  /^(?:host|content-.*|connection|transfer-encoding|te|trailer|upgrade|cookie|accept.*|mcp-.*|last-event-id|origin)$/i;

export const credentialHeaderName = headerName.refine(
  (name) => !RESERVED_HEADERS.test(name),
  "is reserved by the protocol",
);

/** As OAuth has client IDs and secrets: printable ASCII. */
const clientText = z.string().regex(/^[\x20-\x7e]{1,2000}$/, "must be printable ASCII");

export const oauthScopes = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, "must be a scope"))
  .max(100);

const oauthUrl = z.url({ protocol: /^https?$/ }).max(500);

/** What is no secret of an OAuth client. Without a client ID the gateway registers itself. */
export const oauthClientFields = {
  issuer: oauthUrl.optional(),
  clientId: clientText.optional(),
  scopes: oauthScopes.optional(),
  provider: z.enum(PROVIDERS).optional(),
};

/** What is no secret of the gateway's own client at the authorization server of a server. */
export const clientCredentialsFields = {
  clientId: clientText,
  issuer: oauthUrl.optional(),
  tokenUrl: oauthUrl.optional(),
  scopes: oauthScopes.optional(),
  keyAlgorithm: z.enum(CLIENT_KEY_ALGORITHMS).optional(),
  keyId: clientText.optional(),
};

const clientKeyFields = {
  clientSecret: clientText.optional(),
  privateKey: z
    .string()
    .max(10_000)
    .regex(/^\s*-----BEGIN PRIVATE KEY-----/, "must be a private key in PEM (PKCS #8)")
    .optional(),
};

/** Whom a token is for, as text that goes into a claim or a parameter. */
const audience = clientText.max(500);

export const identityFields = { audience: audience.optional() };

/** What is no secret of the exchange of a caller's identity for a token. */
export const tokenExchangeFields = {
  ...clientCredentialsFields,
  audience: audience.optional(),
  provider: z.enum(PROVIDERS).optional(),
  exchange: z.enum(TOKEN_EXCHANGE_FORMS).optional(),
};

export const credentialsSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("none") }),
  z.object({ type: z.literal("bearer"), token: headerValue }),
  z.object({ type: z.literal("basic"), username: z.string().max(255), password: z.string().max(1000) }),
  z.object({
    type: z.literal("header"),
    name: credentialHeaderName,
    value: headerValue,
  }),
  z.object({ type: z.literal("user_secret"), headerName: credentialHeaderName.optional() }),
  z
    .object({ type: z.literal("user_oauth"), ...oauthClientFields, clientSecret: clientText.optional() })
    .refine(({ clientId, clientSecret }) => clientSecret === undefined || clientId !== undefined, {
      path: ["clientId"],
      message: "is required with a client secret",
    })
    // A server that names another authorization server is never the reason to send the secret there.
    .refine(({ issuer, clientSecret }) => clientSecret === undefined || issuer !== undefined, {
      path: ["issuer"],
      message: "is required with a client secret",
    }),
  z
    .object({
      type: z.literal("client_credentials"),
      ...clientCredentialsFields,
      ...clientKeyFields,
    })
    .refine(({ issuer, tokenUrl }) => issuer !== undefined || tokenUrl !== undefined, {
      path: ["issuer"],
      message: "is required unless a token URL is given",
    })
    .refine(({ clientSecret, privateKey }) => (clientSecret === undefined) !== (privateKey === undefined), {
      path: ["clientSecret"],
      message: "is required, or a private key in its place",
    }),
  z.object({ type: z.literal("identity_jwt"), ...identityFields }),
  z
    .object({ type: z.literal("token_exchange"), ...tokenExchangeFields, ...clientKeyFields })
    .refine(({ issuer, tokenUrl }) => issuer !== undefined || tokenUrl !== undefined, {
      path: ["issuer"],
      message: "is required unless a token URL is given",
    })
    .refine(({ clientSecret, privateKey }) => clientSecret === undefined || privateKey === undefined, {
      path: ["privateKey"],
      message: "cannot be given with a client secret",
    }),
]);

export type Credentials = z.infer<typeof credentialsSchema>;
