/** Drains the unread body of a rejected request. */
import { readHeaders } from "../../core/net/headers.ts";
import { drainBody } from "../../core/net/request-body.ts";

const DRAIN_TIMEOUT_MS = 1000;

/**
 * Drains an unread chunked body: the runtime otherwise resets the connection before the client has read the response.
 */
export async function drainUnread(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed || readHeaders(request).has("content-length")) return;
  await drainBody(request, DRAIN_TIMEOUT_MS);
}
