/** How the gateway introduces itself to clients. */
import type { TenantSnapshot } from "../policy/snapshot.ts";
import { NAME, VERSION } from "../upstream/about.ts";

export function asServer(tenant: TenantSnapshot) {
  return { name: NAME, title: tenant.name, version: VERSION };
}
