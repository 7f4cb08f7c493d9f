/** Limits as they stand just now: what each has given out, what is expected, and what each tenant may have of the whole. */
import { Hono } from "hono";
import { z } from "zod";
import { LIMIT_SUBJECTS } from "../core/enums.ts";
import { isUuid } from "../core/ids.ts";
import { compileLimits, maxForSubject, parseLimitKey } from "../core/limits/resolve-limits.ts";
import { keyRates } from "../db/queries/keys.ts";
import { limitsForSnapshot, tenantForSnapshot } from "../db/queries/snapshot.ts";
import { tenantsAmong } from "../db/queries/tenants.ts";
import type { AppEnv } from "../middleware/app-env.ts";
import { guard } from "../policy/guard.ts";
import { gives, givesPage } from "./answers.ts";

const spentShape = z.object({
  kind: z.enum(LIMIT_SUBJECTS),
  subject: z.string(),
  windowSeconds: z.number().int(),
  spent: z.number(),
  most: z
    .number()
    .nullable()
    .describe("In any window of that length; null where the limit is gone meanwhile."),
});

const minute = z.object({ minute: z.number().int().describe("Since 1970."), requests: z.number() });

const outlookShape = z.object({
  share: z
    .number()
    .nullable()
    .describe("Requests a minute that the tenant may have; null while it is quiet."),
  expectedPeak: z.number().describe("Asked for ahead; 0 before a whole day has been seen."),
  knowsDays: z.boolean(),
  past: z.array(minute.extend({ forecast: z.number().nullable() })),
  next: z.array(minute),
});

const HOUR = 3600;
const DAY = 86_400;

export const limitsNow = new Hono<AppEnv>()
  .get(
    "/limits",
    guard("traffic.read"),
    givesPage(spentShape, "Limits that are in use, fullest first."),
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
        limitsForSnapshot(db, tenantId),
        tenantForSnapshot(db, tenantId),
        keyRates(db, tenantId, [...new Set(keyIds)]),
      ]);
      const limits = compileLimits(configs, tenant?.planLimits.requestsPerMinute);
      const ofKeys = new Map(
        rates.flatMap(({ id, perHour, perDay }) => [
          [`${id}:${HOUR}`, perHour],
          [`${id}:${DAY}`, perDay],
        ]),
      );
      const items = known
        .map((limit) => ({
          ...limit,
          most: maxForSubject(limits, limit) ?? ofKeys.get(`${limit.subject}:${limit.windowSeconds}`) ?? null,
        }))
        .sort((one, other) => fullness(other) - fullness(one));
      return c.json({ items: items.slice(0, MOST), nextCursor: null });
    },
  )
  .get(
    "/outlook",
    guard("traffic.read"),
    gives(outlookShape, "What was, what was expected, what is."),
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
  share: z.number().describe("Requests a minute."),
});

export const shares = new Hono<AppEnv>().get(
  "/",
  guard("system.read"),
  gives(
    z.object({
      capacity: z.number().describe("Requests a minute of the whole."),
      items: z.array(shareShape),
    }),
    "What each tenant with traffic may have just now.",
  ),
  async (c) => {
    const { services } = c.var;
    const object = services.globalObject();
    const [entitlements, capacity] = await Promise.all([object.getEntitlements(), object.getCapacity()]);
    // Unauthenticated requests have shares, too, under names that are no tenant's.
    const tenantIds = [...entitlements.keys()].filter(isUuid).slice(0, MOST);
    const rows = await tenantsAmong(services.database.asSystem(), tenantIds);
    const items = rows
      .map((row) => ({ ...row, share: Math.floor(entitlements.get(row.id) ?? 0) }))
      .sort((one, other) => other.share - one.share);
    return c.json({ capacity, items });
  },
);
