/** An entry in the form of the official registry's API; see docs/reference/api of modelcontextprotocol/registry. */
import type { findEntry } from "../db/queries/registry/entries.ts";

export type RegistryEntry = Awaited<ReturnType<typeof findEntry>>[number];

export const OFFICIAL_META = "io.modelcontextprotocol.registry/official";

export interface EndpointLookup {
  /** Where a client reaches a gateway server of this name. */
  readonly endpointOf: (serverName: string) => string;
}

export function toOfficialEntry(entry: RegistryEntry, endpoints: EndpointLookup) {
  const { status, statusMessage, statusChangedAt, publishedAt, updatedAt, isLatest } = entry;
  return {
    server: gatewayRemote(entry, endpoints),
    _meta: {
      [OFFICIAL_META]: {
        status,
        ...(statusMessage !== null && { statusMessage }),
        statusChangedAt: statusChangedAt.toISOString(),
        publishedAt: publishedAt.toISOString(),
        updatedAt: updatedAt.toISOString(),
        isLatest,
      },
    },
  };
}

/** What the gateway serves is to be reached by the gateway, where it is watched, and in no other way. */
function gatewayRemote(
  { server, serverName }: RegistryEntry,
  { endpointOf }: EndpointLookup,
): Record<string, unknown> {
  if (serverName === null) return server;
  const { packages: _, remotes: __, ...published } = server;
  return { ...published, remotes: [{ type: "streamable-http", url: endpointOf(serverName) }] };
}
