/** The error of a server for which the gateway has no access token of its own. */
import { UpstreamError } from "../core/errors.ts";

/** `isSilent`: the authorization server does not respond; otherwise it has rejected the client. */
export function serverTokenRefused(server: string, isSilent: boolean): UpstreamError {
  const message = isSilent
    ? `The authorization server of ${server} is not responding. Retry later.`
    : `The authorization server of ${server} rejected the gateway's client. Update its credentials in the server's settings.`;
  return new UpstreamError(isSilent ? "upstream_unreachable" : "upstream_refused", server, message);
}

export function exchangeRefused(server: string): UpstreamError {
  const message = `The authorization server of ${server} did not accept the caller's identity. Contact an administrator.`;
  return new UpstreamError("upstream_refused", server, message);
}
