/** Addresses and secrets of servers on their way in: judged, and sealed to the server that they are for. */
import { InvalidInputError } from "../../core/errors.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { Transport } from "../../core/vocabulary.ts";
import type { SealedAuthConfig } from "../../db/schema/registry.ts";
import { sealCredentials } from "../../upstream/credentials.ts";
import { judgeUrl, type UrlPolicy } from "../../upstream/url-guard.ts";
import type { AuthInput } from "./schemas.ts";

const SCHEMES: Record<Transport, RegExp> = {
  http: /^https?:$/,
  sse: /^https?:$/,
  websocket: /^wss?:$/,
  stdio: /^$/,
};

export function addressFault(url: string, transport: Transport, policy: UrlPolicy): string | undefined {
  if (transport === "stdio") return undefined;
  const verdict = judgeUrl(url, policy);
  if (!verdict.ok) return verdict.reason;
  if (SCHEMES[transport].test(verdict.url.protocol)) return undefined;
  return transport === "websocket" ? "must be a wss URL" : "must be an https URL";
}

export function refuseAddress(url: string, transport: Transport, policy: UrlPolicy): void {
  if (transport === "stdio") {
    const message = "cannot be reached over the network: start it behind an adapter that speaks http";
    throw new InvalidInputError([{ path: "/transportType", message }]);
  }
  const fault = addressFault(url, transport, policy);
  if (fault !== undefined) throw new InvalidInputError([{ path: "/endpointUrl", message: fault }]);
}

export async function sealed(
  keyring: Keyring,
  serverId: string,
  input: AuthInput,
): Promise<SealedAuthConfig> {
  const { reference, ...credentials } = input;
  const config = await sealCredentials(keyring, serverId, credentials);
  return { ...config, ...(reference !== undefined && { reference }) };
}
