/** How the gateway introduces itself to clients. */
import type { TenantSnapshot } from "../../policy/snapshot.ts";
import { PRODUCT_NAME, PRODUCT_VERSION } from "../../product.ts";

export function serverInfo(tenant: TenantSnapshot) {
  return { name: PRODUCT_NAME, title: tenant.name, version: PRODUCT_VERSION };
}
