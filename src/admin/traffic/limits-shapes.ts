/** The responses of the limits API that the page of current usage reads. */
import { z } from "zod";
import { LIMIT_SUBJECTS } from "../../core/enums.ts";

const minute = z.object({ minute: z.number(), requests: z.number() });

export const bucketShape = z.object({
  kind: z.enum(LIMIT_SUBJECTS),
  subject: z.string(),
  serverId: z.string().nullable(),
  toolName: z.string().nullable(),
  windowSeconds: z.number(),
  spent: z.number(),
  most: z.number().nullable(),
});

export const usageShape = z.object({
  share: z.number().nullable(),
  expectedPeak: z.number(),
  knowsDays: z.boolean(),
  past: z.array(minute.extend({ forecast: z.number().nullable() })),
  next: z.array(minute),
});

export const trafficShape = z.object({
  advice: z.array(z.object({ limit: z.string(), days: z.number(), suggestedFactor: z.number() })),
  bans: z.array(z.object({ client: z.string(), endsAt: z.string() })),
});

export const sharesShape = z.object({
  capacity: z.number(),
  items: z.array(z.object({ name: z.string(), weight: z.number(), share: z.number() })),
});

export type Bucket = z.infer<typeof bucketShape> & {
  readonly name: string;
  /** What the limit is of calls to; undefined: to anything. */
  readonly target: string | undefined;
};

export type UsageView = z.infer<typeof usageShape>;

export type TrafficView = z.infer<typeof trafficShape>;

export type SharesView = z.infer<typeof sharesShape>;
