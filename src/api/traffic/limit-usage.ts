/** Limits as they stand just now: what each has given out, what is expected, and what each tenant may have of the whole. */
import { Hono } from "hono";
import { z } from "zod";
import { LIMIT_SUBJECTS } from "../../core/enums.ts";
import { isUuid } from "../../core/ids.ts";
import { compileLimits, maxForSubject, parseLimitKey } from "../../core/limits/resolve-limits.ts";
import { compileTargetLimits } from "../../core/limits/target-limits.ts";
import { maxForTarget, parseTarget } from "../../core/limits/target-usage.ts";
import { loadKeyRates } from "../../db/queries/access/api-keys.ts";
import { loadSnapshotLimits, loadSnapshotTenant } from "../../db/queries/tenants/snapshot.ts";
import { listTenantsByIds } from "../../db/queries/tenants/tenants.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds, respondsPage } from "../http/responses.ts";

const spentShape = z.object({
  kind: z.enum(LIMIT_SUBJECTS),
  subject: z.string(),
  serverId: z.uuid().nullable().describe("The limit is of calls to this server."),
  toolName: z.string().nullable().describe("The limit is of calls to this tool of the server."),
  windowSeconds: z.number().int(),
  spent: z.number(),
  most: z.number().nullable().describe("Maximum per window, or null if the limit was deleted."),
});

const minute = z.object({
  minute: z.number().int().describe("Minutes since 1970-01-01T00:00Z."),
  requests: z.number(),
});

const outlookShape = z.object({
  share: z.number().nullable().describe("Capacity share in requests per minute; null without contention."),
  expectedPeak: z.number().describe("Forecast; 0 before 24 hours of data are available."),
  knowsDays: z.boolean(),
  past: z.array(minute.extend({ forecast: z.number().nullable() })),
  next: z.array(minute),
});

const HOUR = 3600;
const DAY = 86_400;

export const limitsNow = new Hono<AppEnv>()
  .get(
    "/limits",
    requirePermission("traffic.read"),
    respondsPage(spentShape, "Limits in use, by utilization."),
    async (c) => {
      const { principal, services, db } = c.var;
      const { tenantId } = principal;
      const spent = await services.tenantObject(tenantId).getUsage();
      const known = spent.flatMap(({ key, spent: count }) => {
        const limit = parseLimitKey(key);
        return limit === undefined ? [] : [{ ...limit, spent: count }];
      });
      const keyIds = known.flatMap(({ kind, subject }) =>
        kind === "key" && isUuid(subject) ? [subject] : [],
      );
      const [configs, [tenant], rates] = await db.batch([
        loadSnapshotLimits(db, tenantId),
        loadSnapshotTenant(db, tenantId),
        loadKeyRates(db, tenantId, [...new Set(keyIds)]),
      ]);
      const limits = compileLimits(configs, tenant?.planLimits.requestsPerMinute);
      const targetLimits = compileTargetLimits(configs);
      const ofKeys = new Map(
        rates.flatMap(({ id, perHour, perDay }) => [
          [`${id}:${HOUR}`, perHour],
          [`${id}:${DAY}`, perDay],
        ]),
      );
      const items = known
        .map((limit) => {
          const target = parseTarget(limit.kind, limit.subject);
          return {
            ...limit,
            ...(target !== undefined && { subject: target.caller }),
            serverId: target?.serverId ?? null,
            toolName: target?.tool ?? null,
            most:
              (target === undefined ? maxForSubject(limits, limit) : maxForTarget(targetLimits, limit)) ??
              ofKeys.get(`${limit.subject}:${limit.windowSeconds}`) ??
              null,
          };
        })
        .sort((one, other) => fullness(other) - fullness(one));
      return c.json({ items: items.slice(0, MOST), nextCursor: null });
    },
  )
  .get(
    "/outlook",
    requirePermission("traffic.read"),
    responds(outlookShape, "Past traffic with its forecast, and the forecast for the next hour."),
    async (c) => {
      const { principal, services } = c.var;
      const [outlook, entitlements] = await Promise.all([
        services.tenantObject(principal.tenantId).getForecast(),
        services.globalObject().getEntitlements(),
      ]);
      const share = entitlements.get(principal.tenantId);
      return c.json({ ...outlook, share: share === undefined ? null : Math.floor(share) });
    },
  );

const MOST = 200;

const fullness = ({ spent, most }: { spent: number; most: number | null }) =>
  most === null || most === 0 ? 0 : spent / most;

const shareShape = z.object({
  id: z.uuid(),
  name: z.string(),
  slug: z.string(),
  weight: z.number(),
  share: z.number().describe("Requests per minute."),
});

export const shares = new Hono<AppEnv>().get(
  "/",
  requirePermission("system.read"),
  responds(
    z.object({
      capacity: z.number().describe("Total requests per minute."),
      items: z.array(shareShape),
    }),
    "Capacity share of each active tenant.",
  ),
  async (c) => {
    const { services } = c.var;
    const object = services.globalObject();
    const [entitlements, capacity] = await Promise.all([object.getEntitlements(), object.getCapacity()]);
    // Unauthenticated requests have shares, too, under names that are no tenant's.
    const tenantIds = [...entitlements.keys()].filter(isUuid).slice(0, MOST);
    const rows = await listTenantsByIds(services.database.asSystem(), tenantIds);
    const items = rows
      .map((row) => ({ ...row, share: Math.floor(entitlements.get(row.id) ?? 0) }))
      .sort((one, other) => other.share - one.share);
    return c.json({ capacity, items });
  },
);
