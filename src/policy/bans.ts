/** Automatic bans: recorded where a tenant's object has imposed them, and lifted in both places. */
import { isUuid } from "../core/ids.ts";
import { clientPrefix } from "../core/limits/failed-auth-throttle.ts";
import type { NewBan } from "../core/limits/lease/sync-messages.ts";
import type { Database } from "../db/client.ts";
import { endBan, insertBans } from "../db/queries/access/bans.ts";
import type { RowOwner } from "../db/queries/shared/crud.ts";
import { trafficShard } from "./admission.ts";

/** `trafficId` is a tenant, or names the traffic of no tenant. */
export async function saveBans(
  database: Database,
  trafficId: string,
  bans: readonly NewBan[],
  now: number,
): Promise<void> {
  const tenantId = isUuid(trafficId) ? trafficId : null;
  const rows = bans.map(({ place, violations, forMs }) => ({
    ...{ tenantId, cidr: place, violations },
    expiresAt: new Date(now + forMs),
  }));
  await insertBans(database.asSystem(), rows);
}

export interface BanLifting {
  readonly database: Database;
  /** The object that enforces the bans of a tenant, or of a part of the traffic of no tenant. */
  readonly tenantObject: (name: string) => { liftBan(place: string): Promise<void> | void };
}

/** `client`: an address or network as the ban names it; `owner` is null for requests of no tenant. */
export async function liftBan(
  { database, tenantObject }: BanLifting,
  owner: RowOwner,
  client: string,
): Promise<void> {
  const place = toPlace(client);
  await tenantObject(owner ?? trafficShard(place)).liftBan(place);
  await endBan(database.asSystem(), owner, place);
}

/** Postgres writes an IPv4 address as a network of one, and IPv6 networks shorter. */
function toPlace(client: string): string {
  const [address = ""] = client.split("/");
  return clientPrefix(address);
}
