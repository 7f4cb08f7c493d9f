/** Rejects requests by their headers before dispatch. */
import { GatewayError } from "../../core/errors.ts";
import { MAX_GATEWAY_HOPS, MAX_HEADER_BYTES, MAX_NAME_LENGTH } from "../../core/size-limits.ts";

/** A server that is registered with the address of a gateway on its own way would call itself without end. */
export function rejectLoop(path: string | undefined, gatewayId: string): void {
  if (path === undefined) return;
  const passed = path
    .slice(0, MAX_NAME_LENGTH)
    .split(",")
    .map((id) => id.trim());
  if (!passed.includes(gatewayId) && passed.length <= MAX_GATEWAY_HOPS) return;
  throw new GatewayError(
    "bad_request",
    "Request loop detected: the request passed this gateway before, or too many gateways. Check the URL of the server.",
  );
}

export function areLongHeaders(fields: ReadonlyMap<string, string>): boolean {
  let length = 0;
  for (const [name, value] of fields) length += name.length + value.length;
  return length > MAX_HEADER_BYTES;
}

export function rejectLongHeaders(fields: ReadonlyMap<string, string>): void {
  if (areLongHeaders(fields)) {
    throw new GatewayError(
      "headers_too_large",
      `Request headers must be at most ${MAX_HEADER_BYTES} characters.`,
    );
  }
}
