/** Which servers take which requests: read by core/routing/rules.ts. */
import { z } from "zod";
import { compilePattern, MAX_PATTERN_LENGTH } from "../../core/access/patterns.ts";
import { BALANCING_STRATEGIES } from "../../core/enums.ts";
import { listServersByIds } from "../../db/queries/servers/servers.ts";
import { routingRules as table } from "../../db/schema/traffic.ts";
import { defineResource } from "../resource/define.ts";
import { prose, title } from "./members.ts";

const pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_LENGTH)
  .refine((text) => compilePattern(text) !== undefined, "has an unbalanced brace or trailing backslash");
const patterns = z.array(pattern).max(100).optional();

const conditions = z.strictObject({
  tools: patterns,
  methods: patterns,
  tags: patterns,
  clients: patterns,
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), pattern).optional(),
  percentage: z.number().min(0).max(100).optional(),
});

const strategyOptions = z.strictObject({
  hashOn: z.enum(["session", "user", "argument"]).optional(),
  argument: z.string().min(1).max(200).optional(),
  sticky: z.boolean().optional(),
});

const targets = z.object({ targetServers: z.array(z.uuid()) });

export const routingRules = defineResource({
  name: "routing-rules",
  noun: "routing rule",
  table,
  fields: {
    name: title,
    description: prose.nullable(),
    conditions,
    targetServers: z.array(z.uuid()).min(1).max(500),
    loadBalancingStrategy: z.enum(BALANCING_STRATEGIES),
    strategyOptions,
    /** Lower comes first. */
    priority: z.number().int().min(0).max(1_000_000),
    isActive: z.boolean(),
  },
  known: { conditions, strategyOptions },
  sorts: ["priority", "name", "createdAt", "updatedAt"],
  usual: "priority",
  filters: ["isActive", "loadBalancingStrategy"],
  searched: ["name", "description"],
  async faults({ db, owner, coming }, row) {
    const { targetServers } = targets.parse(row);
    const asked = targetServers.filter((id) => coming?.has(id) !== true);
    const there = owner === null || asked.length === 0 ? [] : await listServersByIds(db, owner, asked);
    const known = new Set([...there.map(({ id }) => id), ...(coming ?? [])]);
    return targetServers.flatMap((id, index) =>
      known.has(id.toLowerCase()) ? [] : [{ path: `/targetServers/${index}`, message: "unknown server" }],
    );
  },
  example: {
    name: "searches to the fast servers",
    conditions: { tools: ["search_*"], percentage: 50 },
    targetServers: ["01890a5d-ac96-774b-bcce-b302099a8057"],
    loadBalancingStrategy: "least_latency",
    priority: 10,
  },
});
