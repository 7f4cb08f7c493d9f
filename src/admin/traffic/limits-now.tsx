/** The usage of limits, the capacity share, and the forecast for the next hour. */

import { type Context, Hono } from "hono";
import { z } from "zod";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { loadServerNames } from "../lookups/choices.ts";
import { Live } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { live } from "../ui/live.ts";
import { type Bucket, bucketShape, sharesShape, trafficShape, usageShape } from "./limits-shapes.ts";
import { Buckets, Figures, Shares, TrafficForecastView } from "./limits-view.tsx";

const PATH = "/admin/rate-limits/usage";
const REFRESH_MS = 3000;
const people = pageShape(z.object({ id: z.string(), name: z.string() }));

/** Subjects hold ids, behind what they are the ids of. */
async function bucketsOf(c: Context<AdminEnv>): Promise<readonly Bucket[]> {
  const rest = c.get("rest");
  const [{ value }, members, keys, groups] = await Promise.all([
    rest.read("/traffic/limits", pageShape(bucketShape)),
    rest.read("/users", people, { limit: 200, fields: "id,name" }),
    rest.read("/keys", people, { limit: 200 }),
    rest.read("/groups", people, { limit: 200, fields: "id,name" }),
  ]);
  const named = [members, keys, groups].flatMap(({ value: page }) => page.items);
  const names = new Map(named.map(({ id, name }) => [id, name]));
  const serverName = await loadServerNames(
    rest,
    value.items.map(({ serverId }) => serverId),
  );
  return value.items.map((bucket) => {
    const id = bucket.subject.split(":").at(-1) ?? "";
    const server = serverName(bucket.serverId);
    const target = bucket.toolName === null ? server : `${server ?? ""} › ${bucket.toolName}`;
    return { ...bucket, name: names.get(id) ?? bucket.subject, target };
  });
}

export const limitsNow = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("traffic.read"), async (c) => {
    const rest = c.get("rest");
    const [buckets, outlook, traffic, shares] = await Promise.all([
      bucketsOf(c),
      rest.read("/traffic/outlook", usageShape),
      rest.read("/traffic", trafficShape),
      may(c, "system.read") ? rest.read("/system/shares", sharesShape) : undefined,
    ]);
    return c.html(
      <Page
        title="Rate limit usage"
        intro="Current usage of limits and forecast for the next hour."
        frame={buildFrame(c)}
      >
        <Figures outlook={outlook.value} traffic={traffic.value} />
        <TrafficForecastView outlook={outlook.value} advice={traffic.value.advice} />
        {shares !== undefined && <Shares shares={shares.value} />}
        <section class="list" aria-labelledby="buckets">
          <h2 id="buckets">In use</h2>
          <Live id="buckets-now" path={`${PATH}/live`}>
            <Buckets buckets={buckets} />
          </Live>
        </section>
      </Page>,
    );
  })
  .get(`${PATH}/live`, requirePagePermission("traffic.read"), (c) =>
    live(c, REFRESH_MS, async () => {
      const html = await (<Buckets buckets={await bucketsOf(c)} />);
      return { event: "replace", html: String(html) };
    }),
  );
