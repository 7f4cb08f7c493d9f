/** Parses stored routing rules; an invalid rule matches no request and stops no traffic. */
import { z } from "zod";
import type { BalancingStrategy } from "../core/enums.ts";
import type { RoutingRule } from "../core/routing/rules.ts";

const texts = z.array(z.string()).optional();

const conditionsSchema = z.object({
  tools: texts,
  methods: texts,
  tags: texts,
  clients: texts,
  headers: z.record(z.string(), z.string()).optional(),
  tenants: texts,
  percentage: z.number().min(0).max(100).optional(),
});

const optionsSchema = z.object({
  hashOn: z.enum(["session", "user", "argument"]).optional(),
  argument: z.string().optional(),
  sticky: z.boolean().optional(),
});

interface Row {
  readonly id: string;
  readonly name: string;
  readonly conditions: unknown;
  readonly targetServers: readonly string[];
  readonly loadBalancingStrategy: BalancingStrategy;
  readonly strategyOptions: unknown;
  readonly priority: number;
}

export function parseRoutingRule({ loadBalancingStrategy, strategyOptions, ...row }: Row): RoutingRule[] {
  const conditions = conditionsSchema.safeParse(row.conditions);
  const options = optionsSchema.safeParse(strategyOptions);
  return conditions.success && options.success
    ? [{ ...row, conditions: conditions.data, options: options.data, strategy: loadBalancingStrategy }]
    : [];
}
