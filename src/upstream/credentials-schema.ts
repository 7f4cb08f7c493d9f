/** The schema of upstream credentials as callers of the REST interface send them. */
import { z } from "zod";

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be a valid header name");
const headerValue = z.string().regex(/^[\x20-\x7e]{1,8000}$/, "must be printable ASCII");

/** Headers that belong to the connection or to the protocol: no credential may pose as one. */
const RESERVED_HEADERS =
  /^(?:host|content-.*|connection|transfer-encoding|te|trailer|upgrade|cookie|accept.*|mcp-.*|last-event-id|origin)$/i;

export const credentialHeaderName = headerName.refine(
  (name) => !RESERVED_HEADERS.test(name),
  "is reserved by the protocol",
);

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
]);

export type Credentials = z.infer<typeof credentialsSchema>;
