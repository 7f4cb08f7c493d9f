/** A registered server in the form that transports use: its URL, our credential, and its timeouts. */
import type { Transport } from "../core/enums.ts";
import type { Keyring } from "../core/keyring.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { ChannelTarget } from "./connection/channel.ts";
import { credentialUnreadable } from "./connection/errors.ts";
import { credentialHeader, type Header } from "./credentials.ts";

export interface RegisteredServer {
  readonly id: string;
  readonly name: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** `account`: the credential of a connected account, for servers where every member acts with their own. */
export async function resolveTarget(
  server: RegisteredServer,
  keyring: Keyring,
  account?: Header,
): Promise<ChannelTarget> {
  const credential = account ?? (await credentialHeader(keyring, server.id, server.auth));
  if (credential === "unreadable") throw credentialUnreadable(server.name);
  const { id, name, endpointUrl, firstByteTimeoutMs, idleTimeoutMs } = server;
  return {
    server: name,
    serverId: id,
    url: endpointUrl,
    firstByteTimeoutMs,
    idleTimeoutMs,
    ...(credential !== undefined && { credential }),
  };
}

/** A WebSocket has headers in its handshake only, so those that are passed to the server are part of the connection. */
export function addHandshakeHeaders(
  target: ChannelTarget,
  { transport, passHeaders }: { readonly transport: Transport; readonly passHeaders?: ReadonlySet<string> },
  headers: Iterable<Header>,
): ChannelTarget {
  if (transport !== "websocket" || passHeaders === undefined) return target;
  return { ...target, handshakeHeaders: [...headers].filter(([name]) => passHeaders.has(name)) };
}
