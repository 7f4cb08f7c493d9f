/** Which server a connector may serve: the one that its API key names, as long as both are usable. */
import { ForbiddenError, NotFoundError } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import { findServer } from "../db/queries/servers/servers.ts";
import { loadKeyRows } from "../db/queries/tenants/load-tenant.ts";
import { isKeyUsable } from "../identity/api-keys.ts";
import type { Principal } from "../identity/principal.ts";

/** What a connected connector was admitted with. */
export interface ConnectorGrant {
  readonly tenantId: string;
  readonly serverId: string;
  readonly keyId: string;
}

/** The server of a name, if the principal may connect to it and it is one that connectors serve. */
export function authorizeConnector(
  { tenantId, apiKeyId, connectServer, via }: Principal,
  name: string,
  server: { readonly id: string; readonly transportType: string; readonly isActive: boolean } | undefined,
): ConnectorGrant {
  if (via !== "api_key" || apiKeyId === undefined || connectServer === undefined) {
    throw new ForbiddenError(
      "A connector requires an API key with scope connect that is bound to its server. Create one in the admin UI under API keys.",
    );
  }
  if (connectServer !== name) {
    throw new ForbiddenError(`The API key is bound to server ${connectServer} and cannot serve ${name}.`);
  }
  if (server === undefined) {
    throw new NotFoundError(
      `There is no server ${name}. Register it with transport stdio, or pass --create with a key that may register servers.`,
    );
  }
  if (server.transportType !== "stdio") {
    throw new ForbiddenError(
      `Server ${name} uses transport ${server.transportType}. Set its transport to stdio.`,
    );
  }
  if (!server.isActive) throw new ForbiddenError(`Server ${name} is disabled. Enable it first.`);
  return { tenantId, serverId: server.id, keyId: apiKeyId };
}

/** False once the key was revoked, has expired or was bound to another server, or the server is gone or disabled. */
export async function isGrantValid(
  database: Database,
  { tenantId, serverId, keyId }: ConnectorGrant,
  now: Date,
): Promise<boolean> {
  const { found } = await loadKeyRows(database.asSystem(), keyId, [tenantId]);
  if (found === null || !isKeyUsable(found, now)) return false;
  const [server] = await findServer(database.withTenant(tenantId), tenantId, serverId);
  if (server === undefined || !server.isActive || server.transportType !== "stdio") return false;
  return found.key.connectServer === server.name && found.key.scopes.includes("connect");
}
