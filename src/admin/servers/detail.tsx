/** One server: how it has been doing, how it is reached, its breaker; and its calls, which come after the page. */

import { Hono } from "hono";
import { z } from "zod";
import { HOUR_MS } from "../../core/durations.ts";
import { Timeline } from "../charts/blocks.tsx";
import { LineChart } from "../charts/over-time.tsx";
import { withUnit } from "../charts/scale.ts";
import { TrafficBars } from "../charts/traffic.tsx";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Empty, LazyFragment, Stats } from "../ui/components.tsx";
import { ConfirmPage, isConfirmed } from "../ui/confirm.tsx";
import { buildFrame } from "../ui/frame.ts";
import { BreakerCard, breakerView, Facts } from "./detail-view.tsx";
import { ServerPage } from "./frame.tsx";
import { listSpans, readChecks, SHOWN_MS } from "./history.ts";
import { readServer, type ServerView, serverApi, serverName, serverPath } from "./server.ts";

async function readBreaker(c: AdminContext, serverId: string) {
  if (!may(c, "circuit-breakers.list")) return undefined;
  const { value } = await c
    .get("rest")
    .read("/circuit-breakers", pageShape(breakerView), { serverId, limit: 1 });
  // One that was never in trouble has none.
  return value.items[0] ?? { state: "closed" as const, isForced: false, lastTransitionAt: null };
}

/** Shown to users who may see the members of the tenant. */
async function ownerOf(c: AdminContext, { createdBy }: ServerView): Promise<string | undefined> {
  if (createdBy === null || !may(c, "members.list")) return undefined;
  const member = pageShape(z.object({ id: z.string(), name: z.string() }));
  const { value } = await c.get("rest").read("/members", member, { limit: 200 });
  return value.items.find(({ id }) => id === createdBy)?.name ?? "(former member)";
}

const figures = z.object({
  points: z.array(
    z.object({
      at: z.string(),
      requests: z.number(),
      errors: z.number(),
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
    }),
  ),
});

async function readCalls(rest: ApiClient, serverId: string, now: number) {
  const { value } = await rest.read("/analytics/usage", figures, {
    of: "server",
    member: serverId,
    grain: "hour",
  });
  const last = Math.floor(now / HOUR_MS) * HOUR_MS;
  const times = Array.from({ length: 24 }, (_, index) => last - (23 - index) * HOUR_MS);
  const known = new Map(value.points.map((point) => [Date.parse(point.at), point]));
  return { times, points: times.map((at) => known.get(at)) };
}

export const detail = new Hono<AdminEnv>()
  .get("/admin/servers/:id", requirePagePermission("servers.read"), async (c) => {
    const rest = c.get("rest");
    const id = c.req.param("id");
    const now = new Date();
    const { value: server } = await readServer(rest, id);
    const [checks, breaker, owner] = await Promise.all([
      may(c, "servers.health") ? readChecks(rest, id, now) : [],
      readBreaker(c, id),
      ownerOf(c, server),
    ]);
    const times = checks.map(({ checkedAt }) => Date.parse(checkedAt));
    return c.html(
      <ServerPage c={c} server={server}>
        {server.discoveryError !== null && (
          <p class="notice warn">Capability discovery failed: {server.discoveryError}</p>
        )}
        <Stats
          stats={[
            {
              label: "Avg. latency",
              value: server.avgResponseTime === null ? "–" : withUnit(server.avgResponseTime, "ms"),
            },
            {
              label: "Success rate",
              value: server.successRate === null ? "–" : withUnit(server.successRate * 100, "%"),
            },
            { label: "Concurrency limit", value: String(server.maxConcurrency), note: "simultaneous calls" },
            {
              label: "Weight",
              value: String(server.weight),
              note: "share of traffic among servers with the same tool",
            },
          ]}
        />
        <div class="grid">
          <section class="card" aria-label="Health">
            {checks.length === 0 ? (
              <Empty title="Not checked yet">
                <p>Health checks run every minute.</p>
              </Empty>
            ) : (
              <>
                <Timeline
                  title="Health"
                  from={now.getTime() - SHOWN_MS}
                  to={now.getTime()}
                  spans={listSpans(checks, now.getTime())}
                />
                <LineChart
                  title="Health check latency"
                  unit="ms"
                  times={times}
                  series={[
                    { label: "response time", values: checks.map(({ responseTimeMs }) => responseTimeMs) },
                  ]}
                />
              </>
            )}
          </section>
          <Facts server={server} owner={owner} publicUrl={c.get("config").publicUrl} />
        </div>
        {breaker !== undefined && <BreakerCard c={c} server={server} breaker={breaker} />}
        {may(c, "analytics.read") && (
          <LazyFragment path={`${serverPath(id)}/calls`} label="Calls, last 24 hours" />
        )}
      </ServerPage>,
    );
  })
  .get("/admin/servers/:id/calls", requirePagePermission("analytics.read"), async (c) => {
    const rest = c.get("rest");
    const id = c.req.param("id");
    const [{ value: server }, { times, points }] = await Promise.all([
      readServer(rest, id),
      readCalls(rest, id, Date.now()),
    ]);
    return c.html(
      <ServerPage c={c} server={server}>
        <div class="grid fragment">
          <section class="card" aria-label="Calls, last 24 hours">
            <TrafficBars title="Calls per hour" times={times} slots={points} />
          </section>
          <section class="card" aria-label="Latency, last 24 hours">
            <LineChart
              title="Call latency"
              unit="ms"
              times={times}
              series={[
                { label: "p50", values: points.map((point) => point?.p50Ms ?? null) },
                { label: "p95", values: points.map((point) => point?.p95Ms ?? null) },
              ]}
            />
          </section>
        </div>
      </ServerPage>,
    );
  })
  .post("/admin/servers/:id/discover", requirePagePermission("servers.discover"), async (c) => {
    const id = c.req.param("id");
    const sent = await c.get("rest").send("POST", `${serverApi(id)}/discover`);
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: saysOf(discovered.parse(sent.value)) });
    return c.redirect(`${serverPath(id)}/tools`, 303);
  })
  .post("/admin/servers/:id/breaker", requirePagePermission("circuit-breakers.force"), async (c) => {
    const id = c.req.param("id");
    const { state } = c.get("form");
    const sent = await c.get("rest").send("POST", `${serverApi(id)}/breaker`, { json: { state } });
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, {
      says: state === "automatic" ? "Circuit breaker set to automatic." : `Circuit breaker forced ${state}.`,
    });
    return c.redirect(serverPath(id), 303);
  })
  .get("/admin/servers/:id/delete", requirePagePermission("servers.delete"), async (c) =>
    c.html(await deletePage(c)),
  )
  .post("/admin/servers/:id/delete", requirePagePermission("servers.delete"), async (c) => {
    const id = c.req.param("id");
    const { value: server } = await readServer(c.get("rest"), id);
    if (!isConfirmed(c.get("form"), server.name)) {
      return c.html(await deletePage(c, "The name does not match. Nothing was deleted."), 422);
    }
    const sent = await c.get("rest").send("DELETE", serverApi(id));
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: `Server ${serverName(server)} deleted.` });
    return c.redirect("/admin/servers", 303);
  });

async function deletePage(c: AdminContext, problem?: string) {
  const id = c.req.param("id") ?? "";
  const { value: server } = await readServer(c.get("rest"), id);
  return (
    <ConfirmPage
      frame={buildFrame(c)}
      title={`Delete ${serverName(server)}?`}
      says="Its tools are removed from all clients immediately. Its access rules, credentials and inventory are deleted. Logs are kept."
      name={server.name}
      action={`${serverPath(id)}/delete`}
      submit="Delete server"
      cancel={serverPath(id)}
      problem={problem}
    />
  );
}

const names = z.array(z.string());
const discovered = z.union([
  z.object({ discovered: z.literal(true), added: names, removed: names, changed: names, withheld: names }),
  z.object({ discovered: z.literal(false), message: z.string() }),
]);

function saysOf(found: z.infer<typeof discovered>): string {
  if (!found.discovered) return `Capability discovery failed: ${found.message}`;
  const parts = [
    [found.added, "added"],
    [found.removed, "removed"],
    [found.changed, "changed"],
    [found.withheld, "pending approval"],
  ] as const;
  const counts = parts.filter(([all]) => all.length > 0).map(([all, word]) => `${all.length} ${word}`);
  return counts.length === 0 ? "No changes." : `Tools: ${counts.join(", ")}.`;
}
