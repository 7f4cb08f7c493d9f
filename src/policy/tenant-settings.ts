/** What a tenant has decided for itself about access; the one reading of it. */
import { z } from "zod";

const settings = z.object({
  /** Applies when no access rule matches. An invalid value means the strictest setting. */
  accessDefault: z.enum(["allow", "deny"]).default("allow").catch("deny"),
  /** How many times its fair share of the system's capacity it may use while others leave theirs. */
  burst: z.number().min(1).max(100).default(4).catch(4),
});

export type TenantSettings = z.infer<typeof settings>;

export const parseTenantSettings = (stored: Record<string, unknown>): TenantSettings =>
  settings.parse(stored);
