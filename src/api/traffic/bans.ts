/**
 * The traffic of a tenant according to its Durable Object: the minutes of a day, frequently reached limits, and active
 * bans.
 */
import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { liftBan } from "../../policy/bans.ts";
import { writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { network } from "../resources/ip-rules.ts";

const shape = z.object({
  samples: z.array(z.object({ minute: z.number().int(), requests: z.number().int() })),
  advice: z.array(
    z.object({
      limit: z.string(),
      days: z.number().int(),
      hours: z.array(z.number().int()),
      suggestedFactor: z.number(),
    }),
  ),
  bans: z.array(z.object({ client: z.string(), endsAt: z.iso.datetime() })),
});

const lifted = z.strictObject({ client: network }).meta({ examples: [{ client: "203.0.113.7" }] });

export const traffic = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("traffic.read"),
    responds(shape, "Samples of the last 24 hours."),
    async (c) => {
      const { principal, services } = c.var;
      const object = services.tenantObject(principal.tenantId);
      const [samples, advice, bans] = await Promise.all([
        object.listSamples(),
        object.getRecommendations(),
        object.listBans(),
      ]);
      const now = Date.now();
      return c.json({
        samples,
        advice: [...advice].map(([limit, { days, hours, suggestedFactor }]) => ({
          limit,
          days,
          hours: [...hours],
          suggestedFactor,
        })),
        bans: bans.map(({ place, forMs }) => ({
          client: place,
          endsAt: new Date(now + forMs).toISOString(),
        })),
      });
    },
  )
  .post(
    "/unban",
    requirePermission("traffic.lift"),
    body(lifted),
    respondsEmpty("Ban removed."),
    async (c) => {
      const { principal, services } = c.var;
      const { client } = c.req.valid("json");
      await liftBan(services, principal.tenantId, client);
      await writeAuditEntry(c, { action: "traffic.lift", resource: { type: "ban", id: client } });
      return c.body(null, 204);
    },
  );
