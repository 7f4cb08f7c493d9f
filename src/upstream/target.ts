/** A registered server as the transports want it: its address, our credential, and how long to wait. */
import type { Keyring } from "../core/keyring.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { ChannelTarget } from "./channel.ts";
import { credentialHeader } from "./credentials.ts";
import { unreadable } from "./failures.ts";

export interface Registered {
  readonly id: string;
  readonly name: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export async function targetFor(server: Registered, keyring: Keyring): Promise<ChannelTarget> {
  const credential = await credentialHeader(keyring, server.id, server.auth);
  if (credential === "unreadable") throw unreadable(server.name);
  const { name, endpointUrl, firstByteTimeoutMs, idleTimeoutMs } = server;
  return {
    server: name,
    url: endpointUrl,
    firstByteTimeoutMs,
    idleTimeoutMs,
    ...(credential !== undefined && { credential }),
  };
}
