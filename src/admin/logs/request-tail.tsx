/** The live tail of requests. Requests that reach the log a few seconds late are shown too, each once. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Button, Choice } from "../forms/controls.tsx";
import { pageShape, toQuery } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Live, PauseButton } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { live } from "../ui/live.ts";
import { RequestLine, type RequestRow, requestShape } from "./request-rows.tsx";

const EVERY_MS = 2000;
/** Requests reach the log through the queue within seconds; later ones are not shown here. */
const LATEST_MS = 60_000;
const AT_ONCE = 100;

const asked = z.object({ only: z.enum(["", "mcp", "failed"]).catch("") });
type Asked = z.output<typeof asked>;

const ONLY = [
  { value: "", label: "All requests" },
  { value: "mcp", label: "MCP calls" },
  { value: "failed", label: "Errors" },
];

async function latest(c: Context<AdminEnv>, { only }: Asked): Promise<readonly RequestRow[]> {
  const { value } = await c.get("rest").read("/request-logs", pageShape(requestShape), {
    from: new Date(Date.now() - LATEST_MS).toISOString(),
    limit: AT_ONCE,
    ...(only === "failed" && { outcome: "error" }),
  });
  // The pages' own would push everything else out of sight.
  return value.items.filter(
    ({ path, mcpMethod }) => !path.startsWith("/admin") && (only !== "mcp" || mcpMethod !== null),
  );
}

const Lines = ({ of }: { of: readonly RequestRow[] }) => (
  <>
    {of.map((request) => (
      <RequestLine request={request} />
    ))}
  </>
);

export const requestTail = new Hono<AdminEnv>()
  .get("/admin/logs/live", requirePagePermission("request-logs.list"), async (c) => {
    const { only } = asked.parse(c.req.query());
    const rows = await latest(c, { only });
    return c.html(
      <Page
        title="Live tail"
        frame={buildFrame(c)}
        intro="New requests, delayed by a few seconds. Admin UI requests are excluded."
        actions={<PauseButton of="tail" />}
      >
        <form class="filters" method="get" action="/admin/logs/live">
          <Choice name="only" label="Filter" value={only} options={ONLY} submits />
          <noscript>
            <Button kind="quiet">Apply</Button>
          </noscript>
        </form>
        <Live id="tail" class="tail" path={`/admin/logs/live/events${toQuery({ only })}`} most={200}>
          <Lines of={rows} />
        </Live>
        {rows.length === 0 && <p class="quiet-text">No requests in the last minute.</p>}
      </Page>,
    );
  })
  .get("/admin/logs/live/events", requirePagePermission("request-logs.list"), (c) => {
    const query = asked.parse(c.req.query());
    let shownIds: ReadonlySet<string> = new Set();
    return live(c, EVERY_MS, async () => {
      const rows = await latest(c, query);
      // Of those that the page has shown already it takes no notice.
      const fresh = rows.filter(({ id }) => !shownIds.has(id));
      shownIds = new Set(rows.map(({ id }) => id));
      return fresh.length === 0
        ? undefined
        : { event: "prepend", html: String(await (<Lines of={fresh} />)) };
    });
  });
