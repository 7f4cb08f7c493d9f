/** A registered server as the transports want it: its address, our credential, and how long to wait. */
import type { Keyring } from "../core/keyring.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import type { ChannelTarget } from "../upstream/channel.ts";
import { credentialHeader } from "../upstream/credentials.ts";
import { unreadable } from "../upstream/failures.ts";

export async function targetFor(server: SnapshotServer, keyring: Keyring): Promise<ChannelTarget> {
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
