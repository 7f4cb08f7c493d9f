/** How the gateway introduces itself to clients and to servers. */
import type { TenantSnapshot } from "../policy/snapshot.ts";

const NAME = "mcp-registry-gateway";
const VERSION = "0.1.0";

/** To servers, who need not know for which tenant. */
export const AS_CLIENT = { name: NAME, version: VERSION } as const;

export function asServer(tenant: TenantSnapshot) {
  return { name: NAME, title: tenant.name, version: VERSION };
}
