// What is refused, and for which reason: refusing must be cheaper than serving.

import * as schema from "../../../src/db/schema/index.ts";
import type { KeyOptions, TestTenant } from "../../../tests/fixtures/gateway.ts";
import { bearer, type Case, passed } from "./case.ts";
import { withDatabase } from "./crowd.ts";
import { callOf, modern } from "./requests.ts";
import type { World } from "./world.ts";

interface Denial {
  readonly status: number;
  readonly key?: KeyOptions;
  /** Instead of a key of the tenant's. */
  readonly presented?: string;
  readonly from?: string;
  readonly before?: (world: World, tenant: TestTenant) => Promise<unknown>;
}

const BANNED = "203.0.113.66";
const WRONG = `mcp_01890000-0000-7000-8000-000000000000_${"x".repeat(43)}`;

function denied(name: string, { status, key, presented, from, before }: Denial): Case {
  return {
    name: `rejected: ${name}`,
    atLeast: 1.5,
    connections: [16],
    amount: 8000,
    async prepare(world) {
      const tenant = await world.gateway.addTenant({
        servers: [{ name: "one", url: world.upstreamUrl("one") }],
      });
      await before?.(world, tenant);
      const headers = {
        ...bearer(presented ?? (await tenant.addKey(key))),
        ...(from !== undefined && { "cf-connecting-ip": from }),
      };
      const sent = modern(world.dir, `${world.gateway.url}/mcp/one`, callOf("one_tool_1"), headers);
      return passed(world, { ...sent, status });
    },
  };
}

const ban = (world: World, { id: tenantId }: TestTenant) =>
  withDatabase(world, (db) =>
    db.insert(schema.ipRules).values({ tenantId, kind: "block", cidr: `${BANNED}/32` }),
  );

export const DENIALS: readonly Case[] = [
  denied("limit reached", { status: 429, key: { limits: { rateLimitPerHour: 1, rateLimitPerDay: 1 } } }),
  denied("invalid key", { status: 401, presented: WRONG }),
  denied("banned IP address", { status: 403, from: BANNED, before: ban }),
];
