/** The name and version that the gateway sends to clients. */
import type { SnapshotToolset, TenantSnapshot } from "../../policy/snapshot.ts";
import { PRODUCT_NAME, PRODUCT_VERSION } from "../../product.ts";

export interface ServerInfo {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

export function serverInfo(tenant: TenantSnapshot, toolset?: SnapshotToolset): ServerInfo {
  return { name: PRODUCT_NAME, title: toolset?.title ?? tenant.name, version: PRODUCT_VERSION };
}
