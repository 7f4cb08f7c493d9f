/** The queues in front of servers at their concurrency limit: how many calls wait, and the settings of each queue. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { YES_NO } from "../lists/spec.ts";
import { addServerNames, serverOptions } from "../lookups/choices.ts";
import { Badge, Empty, Live, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { live } from "../ui/live.ts";

const PATH = "/admin/servers/queues";
const REFRESH_MS = 2000;

const observed = z.object({
  serverId: z.string(),
  depth: z.number(),
  oldestWaitMs: z.number(),
  totalQueued: z.number(),
  totalRejected: z.number(),
  observedAt: z.string(),
});
type ObservedQueue = z.infer<typeof observed> & { readonly serverName: string };

async function loadQueues(c: Context<AdminEnv>): Promise<readonly ObservedQueue[]> {
  const rest = c.get("rest");
  const { value } = await rest.read("/request-queues/observed", pageShape(observed));
  return addServerNames(rest, value.items);
}

function Queues({ queues }: { queues: readonly ObservedQueue[] }) {
  if (queues.length === 0) {
    return (
      <div class="card">
        <Empty title="No queues yet">
          <p>A queue appears here when calls wait for a server at its concurrency limit.</p>
        </Empty>
      </div>
    );
  }
  return (
    <section class="scroll" aria-label="Observed queues" tabindex={0}>
      <table>
        <TableHead
          columns={[
            "Server",
            { figure: "Waiting" },
            { figure: "Oldest wait" },
            { figure: "Queued in total" },
            { figure: "Rejected in total" },
            "Observed",
          ]}
        />
        <tbody>
          {queues.map(
            ({ serverId, serverName, depth, oldestWaitMs, totalQueued, totalRejected, observedAt }) => (
              <tr>
                <td>
                  <a href={`/admin/servers/${serverId}`}>{serverName}</a>
                </td>
                <td class="number">{depth > 0 ? <Badge tone="warn">{depth}</Badge> : 0}</td>
                <td class="number">{Math.round(oldestWaitMs)} ms</td>
                <td class="number">{totalQueued}</td>
                <td class="number">{totalRejected}</td>
                <td>
                  <Time at={observedAt} />
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </section>
  );
}

const setting = z.object({
  id: z.string(),
  serverId: z.string(),
  isEnabled: z.boolean(),
  maxSize: z.number(),
  maxWaitMs: z.number(),
  createdAt: z.string(),
  serverName: z.string().optional(),
});
type QueueSetting = z.infer<typeof setting>;

const queueSettings = crudPages<QueueSetting>({
  name: "request-queues",
  path: `${PATH}/settings`,
  title: "Queue settings",
  noun: "request queue",
  intro: "Whether, how many and how long calls wait for a server. Other servers have the defaults.",
  empty: "Set the size and wait of a server's queue.",
  list: {
    shape: setting,
    usual: "-createdAt",
    filters: [{ name: "isEnabled", label: "Enabled", kind: "choice", options: YES_NO }],
    complete: addServerNames,
    columns: [
      { name: "serverName", label: "Server", show: ({ serverName }) => serverName ?? "" },
      { name: "isEnabled", label: "Enabled", show: ({ isEnabled }) => (isEnabled ? "yes" : "no") },
      { name: "maxSize", label: "Size", sorts: true, number: true, show: ({ maxSize }) => maxSize },
      {
        name: "maxWaitMs",
        label: "Maximum wait",
        sorts: true,
        number: true,
        show: ({ maxWaitMs }) => `${maxWaitMs} ms`,
      },
      { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
    ],
  },
  fields: [
    { name: "serverId", label: "Server", kind: "choice", options: serverOptions, fixed: true },
    {
      name: "isEnabled",
      label: "Enabled",
      kind: "yes",
      initial: "yes",
      hint: "Disabled: calls beyond the concurrency limit are rejected at once.",
    },
    { name: "maxSize", label: "Size", kind: "number", min: 0, max: 100_000, step: 1, initial: "100" },
    {
      name: "maxWaitMs",
      label: "Maximum wait (ms)",
      kind: "number",
      min: 0,
      max: 600_000,
      step: 1,
      initial: "10000",
    },
  ],
  nameOf: ({ serverName, serverId }) => `queue of ${serverName ?? serverId}`,
  isForeign: () => false,
});

const observedPages = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("request-queues.list"), async (c) => {
    const queues = await loadQueues(c);
    return c.html(
      <Page
        title="Queues"
        intro="Calls that wait for a server at its concurrency limit."
        frame={buildFrame(c)}
        actions={
          <LinkButton to={`${PATH}/settings`} kind="quiet">
            Queue settings
          </LinkButton>
        }
      >
        <Live id="queues-now" path={`${PATH}/live`}>
          <Queues queues={queues} />
        </Live>
      </Page>,
    );
  })
  .get(`${PATH}/live`, requirePagePermission("request-queues.list"), (c) =>
    live(c, REFRESH_MS, async () => {
      const html = await (<Queues queues={await loadQueues(c)} />);
      return { event: "replace", html: String(html) };
    }),
  );

export const queues = new Hono<AdminEnv>().route("/", observedPages).route("/", queueSettings);
