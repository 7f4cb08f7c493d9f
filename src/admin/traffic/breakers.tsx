/** Circuit breakers: which servers receive no calls now, and the forms by which an admin forces a state. */

import { type Context, Hono } from "hono";
import { z } from "zod";
import { DAY_MS } from "../../core/durations.ts";
import { BREAKER_STATES } from "../../core/enums.ts";
import { Timeline } from "../charts/blocks.tsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { Form } from "../forms/form.tsx";
import { pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { type BulkAction, type ListSpec, optionsFrom, YES_NO } from "../lists/spec.ts";
import { addServerNames, loadMemberNames, serverOptions } from "../lookups/choices.ts";
import { readServer, serverApi } from "../servers/server.ts";
import { Badge, Details, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { Breaker } from "../ui/states.tsx";
import { listSpans, type Transition, transitionShape } from "./breaker-spans.ts";
import {
  type LiveBreaker,
  liveBreaker,
  ownThresholds,
  saveThresholds,
  thresholdFields,
} from "./breaker-thresholds.tsx";

const PATH = "/admin/servers/circuit-breakers";

const shape = z.object({
  id: z.string(),
  serverId: z.string(),
  state: z.enum(BREAKER_STATES),
  isForced: z.boolean(),
  openedAt: z.string().nullable(),
  lastTransitionAt: z.string().nullable(),
  serverName: z.string().optional(),
});
type BreakerView = z.infer<typeof shape>;

const SAYS = {
  open: "forced open. Calls are rejected",
  closed: "forced closed. All calls are sent",
  automatic: "set to automatic",
} as const;
type Wish = keyof typeof SAYS;

const wish = (state: Wish, label: string): BulkAction => ({
  name: state,
  label,
  action: "circuit-breakers.force",
  danger: state === "open",
  run: (rest, serverId) => rest.send("POST", `/servers/${serverId}/breaker`, { json: { state } }),
  done: (count) => `${count === 1 ? "1 circuit breaker" : `${count} circuit breakers`} ${SAYS[state]}.`,
});

const list: ListSpec<BreakerView> = {
  path: PATH,
  api: "/circuit-breakers",
  shape,
  label: "Circuit breakers",
  usual: "-lastTransitionAt",
  rowPath: ({ serverId }) => `${PATH}/${serverId}`,
  idOf: ({ serverId }) => serverId,
  filters: [
    { name: "state", label: "Status", kind: "choice", options: optionsFrom(BREAKER_STATES) },
    { name: "isForced", label: "Forced", kind: "choice", options: YES_NO },
    { name: "serverId", label: "Server", kind: "choice", options: serverOptions },
  ],
  complete: addServerNames,
  columns: [
    { name: "serverName", label: "Server", show: ({ serverName }) => serverName ?? "" },
    { name: "state", label: "Status", sorts: true, show: ({ state }) => <Breaker of={state} /> },
    {
      name: "isForced",
      label: "Mode",
      show: ({ isForced }) => (isForced ? "forced" : "automatic"),
      plain: ({ isForced }) => (isForced ? "forced" : "automatic"),
    },
    {
      name: "lastTransitionAt",
      label: "Changed",
      sorts: true,
      show: ({ lastTransitionAt }) => <Time at={lastTransitionAt} />,
    },
    { name: "openedAt", label: "Last opened", show: ({ openedAt }) => <Time at={openedAt} /> },
  ],
  bulk: [wish("open", "Force open"), wish("closed", "Force closed"), wish("automatic", "Set to automatic")],
  empty: {
    title: "No circuit breaker events yet",
    says: "A server appears here when its circuit breaker changes state for the first time.",
  },
};

async function transitionsOf(c: Context<AdminEnv>, serverId: string): Promise<readonly Transition[]> {
  const from = new Date(Date.now() - 30 * DAY_MS).toISOString();
  const path = `/servers/${encodeURIComponent(serverId)}/breaker-transitions`;
  const { value } = await c.get("rest").read(path, pageShape(transitionShape), { from, limit: 200 });
  return value.items;
}

export const breakers = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<BreakerView>({
      title: "Circuit breakers",
      intro: "Circuit breakers stop calls to failing servers and probe them before resuming.",
      action: "circuit-breakers.list",
      list,
    }),
  )
  .get(`${PATH}/:id`, requirePagePermission("circuit-breakers.read"), async (c) => {
    const serverId = c.req.param("id");
    const rest = c.get("rest");
    const [server, found, transitions, memberName] = await Promise.all([
      readServer(rest, serverId),
      rest.read(`${serverApi(serverId)}/breaker`, liveBreaker),
      transitionsOf(c, serverId),
      may(c, "members.list") ? loadMemberNames(rest) : new Map<string, string>(),
    ]);
    const breaker = found.value;
    return c.html(
      <Page
        title={`Circuit breaker: ${server.value.name}`}
        frame={buildFrame(c)}
        actions={
          <a class="button quiet" href={`/admin/servers/${serverId}`}>
            View server
          </a>
        }
      >
        <div class="grid">
          <State c={c} serverId={serverId} breaker={breaker} />
          <LastDay transitions={transitions} state={breaker.state} now={Date.now()} />
        </div>
        {may(c, "servers.update") && (
          <Form
            action={`${PATH}/${serverId}/thresholds`}
            token={c.get("formToken")}
            fields={thresholdFields}
            typed={ownThresholds(server.value.settings)}
            options={new Map()}
            submit="Save thresholds"
            cancel={PATH}
          />
        )}
        <History transitions={transitions} actorName={(id) => memberName.get(id) ?? id} />
      </Page>,
    );
  })
  .post(`${PATH}/:id`, requirePagePermission("circuit-breakers.force"), async (c) => {
    const serverId = c.req.param("id");
    const { state = "automatic" } = c.get("form");
    const sent = await c
      .get("rest")
      .send("POST", `/servers/${encodeURIComponent(serverId)}/breaker`, { json: { state } });
    const says = state === "open" || state === "closed" ? SAYS[state] : SAYS.automatic;
    return redirectWithFlash(c, sent, { says: `Circuit breaker ${says}.`, back: `${PATH}/${serverId}` });
  })
  .post(`${PATH}/:id/thresholds`, requirePagePermission("servers.update"), async (c) => {
    const serverId = c.req.param("id");
    const { sent, faults = [] } = await saveThresholds(c.get("rest"), serverId, c.get("posted"));
    const back = `${PATH}/${serverId}`;
    if (sent !== undefined) return redirectWithFlash(c, sent, { says: "Thresholds saved.", back });
    await setFlash(c, { says: `Not saved: ${faults.map(({ message }) => message).join(", ")}.` });
    return c.redirect(back, 303);
  });

interface StateProps {
  readonly c: Context<AdminEnv>;
  readonly serverId: string;
  readonly breaker: LiveBreaker;
}

const share = (part = 0) => `${Math.round(part * 1000) / 10} %`;

function State({ c, serverId, breaker }: StateProps) {
  const { state, isForced, since, nextAttemptAt, consecutiveOpens, thresholds } = breaker;
  const { calls, failures, slow } = breaker;
  return (
    <section class="card" aria-labelledby="state">
      <div class="row">
        <div class="start">
          <h2 id="state">Status</h2>
          <Breaker of={state} />
          {isForced && <Badge tone="warn">Forced by admin</Badge>}
        </div>
        {may(c, "circuit-breakers.force") && (
          <PostForm action={`${PATH}/${serverId}`} token={c.get("formToken")} class="start">
            <Button kind="danger" name="state" value="open">
              Force open
            </Button>
            <Button kind="quiet" name="state" value="closed">
              Force closed
            </Button>
            <Button kind="quiet" name="state" value="automatic">
              Set to automatic
            </Button>
          </PostForm>
        )}
      </div>
      <Details
        of={[
          ["Changed", <Time at={since} none="initial state" />],
          ["Next attempt", <Time at={nextAttemptAt} none="–" />],
          ["Opened in a row", consecutiveOpens],
          [`Calls in the last ${thresholds.windowSeconds} s`, `${calls} (${failures} failed, ${slow} slow)`],
          [
            "Opens at",
            `${share(thresholds.errorRate)} failed or ${share(thresholds.slowCallRate)} slower than ${thresholds.slowCallMs} ms, of at least ${thresholds.minimumCalls} calls`,
          ],
        ]}
      />
      <p class="quiet-text">
        Open: calls are rejected with Retry-After. Half-open: a few probes are sent. Closed: all calls are
        sent.
      </p>
    </section>
  );
}

interface LastDayProps {
  readonly transitions: readonly Transition[];
  readonly state: Transition["toState"];
  readonly now: number;
}

function LastDay({ transitions, state, now }: LastDayProps) {
  const from = now - DAY_MS;
  return (
    <div class="card">
      <Timeline title="Last 24 hours" from={from} to={now} spans={listSpans(transitions, state, from, now)} />
    </div>
  );
}

interface HistoryProps extends Pick<LastDayProps, "transitions"> {
  readonly actorName: (id: string) => string;
}

function History({ transitions, actorName }: HistoryProps) {
  return (
    <section class="list" aria-labelledby="history">
      <h2 id="history">History</h2>
      {transitions.length === 0 && <p class="card quiet-text">No transitions in the last 30 days.</p>}
      {transitions.length > 0 && (
        <section class="scroll" aria-label="Transitions" tabindex={0}>
          <table>
            <TableHead columns={["Time", "From", "To", "Reason", "By"]} />
            <tbody>
              {transitions.map(({ transitionedAt, fromState, toState, reason, actorId }) => (
                <tr>
                  <td>
                    <Time at={transitionedAt} />
                  </td>
                  <td>
                    <Breaker of={fromState} />
                  </td>
                  <td>
                    <Breaker of={toState} />
                  </td>
                  <td>{reason}</td>
                  <td>{actorId === null ? "Gateway" : actorName(actorId)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
