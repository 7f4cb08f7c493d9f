/** What is running right now, to be ended where it must. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { withUnit } from "../charts/scale.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Empty, Live, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { live } from "../ui/live.ts";

const PATH = "/admin/logs/active";
const EVERY_MS = 2000;

const running = z.object({
  id: z.string(),
  requestId: z.string(),
  userId: z.string().optional(),
  server: z.string(),
  method: z.string(),
  target: z.string().optional(),
  startedAt: z.number(),
});
type Running = z.output<typeof running>;

async function load(c: Context<AdminEnv>): Promise<readonly Running[]> {
  const { value } = await c.get("rest").read("/active-requests", pageShape(running));
  return value.items.toSorted((one, other) => one.startedAt - other.startedAt);
}

interface TableProps {
  readonly requests: readonly Running[];
  readonly now: number;
  /** Undefined without the permission to cancel requests. */
  readonly formToken: string | undefined;
}

function Table({ requests, now, formToken }: TableProps) {
  if (requests.length === 0) {
    return (
      <div class="card">
        <Empty title="No active requests">
          <p>Requests appear here after running for one second.</p>
        </Empty>
      </div>
    );
  }
  return (
    <section class="scroll" aria-label="Active requests" tabindex={0}>
      <table>
        <TableHead
          columns={[
            "Started",
            "Request",
            "Server",
            "Principal",
            { figure: "Duration" },
            ...(formToken !== undefined ? ["Cancel"] : []),
          ]}
        />
        <tbody>
          {requests.map(({ id, startedAt, method, target, server, userId }) => (
            <tr>
              <td>
                <Time at={new Date(startedAt)} />
              </td>
              <td>
                <code>{target ?? method}</code>
              </td>
              <td>{server}</td>
              <td>{userId ?? "API key without owner"}</td>
              <td class="number">{withUnit(Math.max(0, Math.round((now - startedAt) / 1000)), "s")}</td>
              {formToken !== undefined && (
                <td>
                  <PostForm action={`${PATH}/end`} token={formToken} hidden={{ id }} class="inline">
                    <Button kind="danger">{`Cancel ${target ?? method}`}</Button>
                  </PostForm>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const tableOf = async (c: Context<AdminEnv>) => (
  <Table
    requests={await load(c)}
    now={Date.now()}
    formToken={may(c, "active-requests.cancel") ? c.get("formToken") : undefined}
  />
);

export const activeRequests = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("active-requests.list"), async (c) =>
    c.html(
      <Page
        title="Active requests"
        frame={buildFrame(c)}
        intro="Requests running longer than one second. Canceled callers receive an error."
      >
        <Live id="active" path={`${PATH}/events`}>
          {await tableOf(c)}
        </Live>
      </Page>,
    ),
  )
  .get(`${PATH}/events`, requirePagePermission("active-requests.list"), (c) => {
    let shown = "";
    return live(c, EVERY_MS, async () => {
      const html = String(await tableOf(c));
      // What is the same stays, with the focus that may be in it.
      if (html === shown) return undefined;
      shown = html;
      return { event: "replace", html };
    });
  })
  .post(`${PATH}/end`, requirePagePermission("active-requests.cancel"), async (c) => {
    const id = encodeURIComponent(c.get("form").id ?? "");
    const sent = await c.get("rest").send("POST", `/active-requests/${id}/cancel`);
    if (!sent.ok && sent.refusal.code !== "not_found") throw sent.refusal;
    await setFlash(c, { says: sent.ok ? "Cancellation requested." : "The request had already completed." });
    return c.redirect(PATH, 303);
  });
