/** Rejects a request whose credential is cached as invalid, before anything is prepared for it. */
import { GatewayError } from "../../core/errors.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { areLongHeaders } from "../request/check-headers.ts";

const HOW_TO_AUTHENTICATE = "Send an API key as `Authorization: Bearer mcp_…`.";

export const missingCredential = () => new GatewayError("unauthorized", HOW_TO_AUTHENTICATE);

export const invalidCredential = () =>
  new GatewayError("unauthorized", `The credential is invalid. ${HOW_TO_AUTHENTICATE}`);

/** The same for all requests: creating an error takes most of its time for its stack, which is of no use here. */
const INVALID_CREDENTIAL = invalidCredential();

/** The error; undefined where another check comes before the credential's, or the body has to be drained. */
export function rejectNow(request: Request): GatewayError | undefined {
  const fields = readHeaders(request);
  const isPlain = !fields.has(HEADERS.gatewayPath) && fields.has("content-length") && !areLongHeaders(fields);
  return isPlain ? INVALID_CREDENTIAL : undefined;
}
