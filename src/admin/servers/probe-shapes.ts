/** What the probe of a server answers, as far as the pages read it. */
import { z } from "zod";

export const found = z.object({
  reachable: z.literal(true),
  protocolVersion: z.string(),
  capabilities: z.array(z.string()),
  server: z.object({ name: z.string().nullable(), version: z.string().nullable() }),
  offers: z.object({
    tools: z.number(),
    resources: z.number(),
    templates: z.number(),
    prompts: z.number(),
  }),
  tools: z.array(z.string()),
  durationMs: z.number(),
});
export const probed = z.union([found, z.object({ reachable: z.literal(false), message: z.string() })]);
export type Found = z.infer<typeof found>;
