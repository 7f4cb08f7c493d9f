/** What the gateway reads of the metadata of protected resources and authorization servers, and what it requires of them. */
import { z } from "zod";

const url = z
  .string()
  .max(2000)
  .refine((text) => URL.canParse(text), "must be a URL");
const names = z.array(z.string().max(500)).max(1000);

/** RFC 9728 §2. */
export const resourceMetadata = z.object({
  resource: url,
  authorization_servers: z.array(url).min(1).max(20).optional(),
  scopes_supported: names.optional(),
});
export type ResourceMetadata = z.output<typeof resourceMetadata>;

/** RFC 8414 §2, RFC 9207 §3 and the draft on client ID metadata documents. */
export const issuerMetadata = z.object({
  issuer: url,
  authorization_endpoint: url.optional(),
  token_endpoint: url,
  registration_endpoint: url.optional(),
  revocation_endpoint: url.optional(),
  jwks_uri: url.optional(),
  scopes_supported: names.optional(),
  code_challenge_methods_supported: names.optional(),
  token_endpoint_auth_methods_supported: names.optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
  client_id_metadata_document_supported: z.boolean().optional(),
});
export type IssuerMetadata = z.output<typeof issuerMetadata>;

/** Issuers are compared as texts (RFC 8414 §3.3); only the slash of a bare origin does not count. */
export const isSameIssuer = (one: string, other: string): boolean =>
  one === other || withoutRootSlash(one) === withoutRootSlash(other);

const withoutRootSlash = (issuer: string) =>
  URL.parse(issuer)?.pathname === "/" ? issuer.replace(/\/$/, "") : issuer;
