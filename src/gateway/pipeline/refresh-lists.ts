/** Fetches a server's lists again, because a request needs them. The result is shared by all principals of the tenant. */
import { NotFoundError, ServerUnavailableError } from "../../core/errors.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { ChannelDeps, ChannelTarget } from "../../upstream/connection/channel.ts";
import { type FetchedInventory, fetchInventory } from "../../upstream/fetch-inventory.ts";
import { resolveTarget } from "../../upstream/resolve-target.ts";
import type { McpContext } from "../context/context.ts";
import { callUpstream } from "./call-upstream.ts";

export async function refreshLists(
  server: SnapshotServer,
  context: McpContext,
  { keyring, upstream }: { readonly keyring: Keyring; readonly upstream: ChannelDeps },
): Promise<FetchedInventory> {
  // A half-open breaker's probes are for calls: lists may still be served by a server that fails them.
  if (context.traffic.breakers.getState(server.id, Date.now()) !== "closed") {
    throw new ServerUnavailableError(server.name, 1);
  }
  return callUpstream(
    {
      method: "server/discover",
      operations: [],
      preferred: { server, upstreamName: "" },
      isShared: true,
      isAllowed: () => true,
      deny: () => new NotFoundError(),
      takesSlot: false,
      signal: new AbortController().signal,
      async send(_, attempt) {
        const offering = await fetchInventory(
          server,
          withShortTimeout(await resolveTarget(server, keyring, attempt.credential)),
          upstream,
        );
        attempt.establish(200);
        return offering;
      },
    },
    context,
  );
}

/**
 * A list is worth a few seconds, and a Worker has six connections that may wait for headers at once: servers that hang
 * must not hold them while others could be fetched.
 */
const FIRST_BYTE_TIMEOUT_MS = 5000;

function withShortTimeout(target: ChannelTarget): ChannelTarget {
  return { ...target, firstByteTimeoutMs: Math.min(target.firstByteTimeoutMs, FIRST_BYTE_TIMEOUT_MS) };
}
