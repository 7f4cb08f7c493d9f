/** How the gateway introduces itself to clients. */
import type { SnapshotToolset, TenantSnapshot } from "../../policy/snapshot.ts";
import { PRODUCT_NAME, PRODUCT_VERSION } from "../../product.ts";

export function serverInfo(tenant: TenantSnapshot, toolset?: SnapshotToolset) {
  return { name: PRODUCT_NAME, title: toolset?.title ?? tenant.name, version: PRODUCT_VERSION };
}
