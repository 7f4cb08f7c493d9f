/** The traffic of each tenant that an isolate serves. */
import { BoundedMap } from "../core/bounded-map.ts";
import { TenantTraffic } from "./traffic.ts";
import type { TrafficDeps } from "./traffic-ports.ts";

const MAX_TENANTS = 10_000;

export function createTraffic(tools: TrafficDeps): (tenantId: string) => TenantTraffic {
  const tenants = new BoundedMap<string, TenantTraffic>(MAX_TENANTS);
  return (tenantId) => {
    let traffic = tenants.get(tenantId);
    if (traffic === undefined) {
      traffic = new TenantTraffic(tenantId, tools);
      tenants.set(tenantId, traffic);
    }
    return traffic;
  };
}
