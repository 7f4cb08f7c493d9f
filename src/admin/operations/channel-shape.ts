/** A notification channel as the API returns it. */
import { z } from "zod";
import { WEBHOOK_FORMATS } from "../../core/alerts/channels.ts";

export const channelShape = z.discriminatedUnion("type", [
  z.object({ type: z.literal("webhook"), url: z.string(), format: z.enum(WEBHOOK_FORMATS).optional() }),
  z.object({ type: z.literal("email"), to: z.string() }),
  z.object({ type: z.literal("pagerduty"), routingKey: z.string(), url: z.string().optional() }),
]);
