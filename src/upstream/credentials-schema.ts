/** The schema of upstream credentials as callers of the REST interface send them. */
import { z } from "zod";
import { PROVIDERS } from "../core/oauth-client/providers.ts";

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be a valid header name");
const headerValue = z.string().regex(/^[\x20-\x7e]{1,8000}$/, "must be printable ASCII");

/** Headers that belong to the connection or to the protocol: no credential may pose as one. */
const RESERVED_HEADERS =
  /^(?:host|content-.*|connection|transfer-encoding|te|trailer|upgrade|cookie|accept.*|mcp-.*|last-event-id|origin)$/i;

export const credentialHeaderName = headerName.refine(
  (name) => !RESERVED_HEADERS.test(name),
  "is reserved by the protocol",
);

/** As OAuth has client IDs and secrets: printable ASCII. */
const clientText = z.string().regex(/^[\x20-\x7e]{1,2000}$/, "must be printable ASCII");

const oauthScopes = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, "must be a scope"))
  .max(100);

/** What is no secret of an OAuth client. Without a client ID the gateway registers itself. */
export const oauthClientFields = {
  issuer: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
  clientId: clientText.optional(),
  scopes: oauthScopes.optional(),
  provider: z.enum(PROVIDERS).optional(),
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
]);

export type Credentials = z.infer<typeof credentialsSchema>;
