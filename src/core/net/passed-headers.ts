/**
 * Decides which headers of a client an admin may have passed through to a server: none that carries a credential for the
 * gateway, belongs to the connection or to the protocol, or identifies the client behind a proxy.
 */

/** With the gateway's own and those of proxies, whose content the gateway alone may state. */
const RESERVED =
  /^(?:authorization|proxy-.*|x-api-key|cookie2?|set-cookie2?|host|connection|keep-alive|te|trailers?|transfer-encoding|upgrade|expect|via|date|content-.*|accept.*|mcp-.*|last-event-id|origin|referer|user-agent|forwarded|x-forwarded.*|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|client-ip|cf-.*|cdn-loop|sec-.*|access-control-.*|x-request-id|x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*|traceparent|tracestate|baggage|if-.*|range)$/i;

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

export const MAX_PASSED_HEADERS = 20;

export const isPassableHeader = (name: string): boolean => NAME.test(name) && !RESERVED.test(name);
