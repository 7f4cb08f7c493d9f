/** Tools that changed after they were approved: what differs, what looks wrong about it, and the word that is waited for. */
import { Hono } from "hono";
import { z } from "zod";
import { toolChangePolicy } from "../../core/discovery/tool-drift.ts";
import { SEVERITIES, TOOL_STATES } from "../../core/enums.ts";
import { Button, Notice, PostForm } from "../forms/controls.tsx";
import type { ApiError } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { optionsFrom } from "../lists/spec.ts";
import { TOOL_CHANGE_LABELS } from "../tenants/fields.ts";
import { Badge, Details, Time } from "../ui/components.tsx";
import { Differences } from "../ui/differences.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SeverityBadge } from "../ui/states.tsx";
import { serverPath } from "./server.ts";

const tenantSettings = z.object({ settings: z.record(z.string(), z.unknown()) });
const text = z.string().optional();

export const changeView = z.object({
  id: z.string(),
  serverId: z.string(),
  serverName: z.string(),
  tool: z.string(),
  state: z.enum(TOOL_STATES).nullable(),
  revision: z.number(),
  changedAt: z.string().nullable(),
  decidedAt: z.string().nullable(),
  approved: z.record(z.string(), z.unknown()),
  offered: z.record(z.string(), z.unknown()).nullable(),
  differences: z.array(z.object({ path: z.string(), before: text, after: text })),
  findings: z.array(
    z.object({ rule: z.string(), severity: z.enum(SEVERITIES), place: z.string(), excerpt: z.string() }),
  ),
});

export type ChangeView = z.infer<typeof changeView>;

const HOME = "/admin/servers/tool-changes";
const MEANING = { held: "Pending approval", blocked: "Blocked", disabled: "Disabled" } as const;
const TONES = { held: "warn", blocked: "bad", disabled: "off" } as const;

const State = ({ of }: { of: ChangeView["state"] }) =>
  of === null ? <Badge tone="good">approved</Badge> : <Badge tone={TONES[of]}>{MEANING[of]}</Badge>;

/** Above a server's tools: those that clients do not see, with the reason. */
export function Changes({ changes }: { changes: readonly ChangeView[] }) {
  const isDisabled = ({ state }: ChangeView) => state === "disabled";
  return (
    <>
      <HiddenTools title="Pending tool changes" changes={changes.filter((change) => !isDisabled(change))} />
      <HiddenTools title="Disabled tools" changes={changes.filter(isDisabled)} />
    </>
  );
}

function HiddenTools({ title, changes }: { title: string; changes: readonly ChangeView[] }) {
  if (changes.length === 0) return null;
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      <ul class="plain tight">
        {changes.map(({ id, tool, state, changedAt, findings }) => (
          <li class="row">
            <a href={`${HOME}/${id}`}>
              <code>{tool}</code>
            </a>
            <span class="start">
              {findings.length > 0 && (
                <Badge tone="bad">{`${findings.length} ${findings.length === 1 ? "finding" : "findings"}`}</Badge>
              )}
              <State of={state} />
              <Time at={changedAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Change({ change }: { change: ChangeView }) {
  const { differences, findings, approved, offered } = change;
  return (
    <>
      {findings.length > 0 && (
        <section class="card" aria-label="Findings">
          <h2>Findings</h2>
          <ul class="plain tight">
            {findings.map(({ rule, severity, place, excerpt }) => (
              <li>
                <SeverityBadge of={severity} /> {rule} at <code>{place}</code>: <q>{excerpt}</q>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="card" aria-label="Differences">
        <h2>Changes since approval</h2>
        {differences.length === 0 && <p class="quiet-text">No differences.</p>}
        <Differences of={differences} />
      </section>
      <details class="card">
        <summary>Full definitions</summary>
        <div class="grid">
          <div>
            <h3>Approved</h3>
            <pre>{JSON.stringify(approved, null, 2)}</pre>
          </div>
          <div>
            <h3>Current</h3>
            <pre>{offered === null ? "Unchanged" : JSON.stringify(offered, null, 2)}</pre>
          </div>
        </div>
      </details>
    </>
  );
}

async function changePage(c: Parameters<typeof may>[0], id: string, refusal?: ApiError) {
  const { value: change } = await c.get("rest").read(`/tool-changes/${encodeURIComponent(id)}`, changeView);
  const { tool, serverId, serverName, state, revision, changedAt } = change;
  const decide = (how: "approve" | "reject", label: string) => (
    <PostForm
      action={`${HOME}/${id}/${how}`}
      token={c.get("formToken")}
      hidden={{ revision: String(revision) }}
      class="inline"
    >
      <Button kind={how === "approve" ? "main" : "danger"}>{label}</Button>
    </PostForm>
  );
  return (
    <Page
      title={tool}
      frame={buildFrame(c)}
      actions={
        may(c, "tool-changes.decide") &&
        state !== null &&
        (state === "disabled" ? (
          <PostForm action={`${HOME}/${id}/enable`} token={c.get("formToken")} class="inline">
            <Button>Enable</Button>
          </PostForm>
        ) : (
          <>
            {state !== "blocked" && decide("reject", "Block")}
            {decide("approve", "Approve")}
          </>
        ))
      }
    >
      {refusal !== undefined && (
        <Notice bad>
          {refusal.message} The definition changed again. The current version is shown below.
        </Notice>
      )}
      <section class="card" aria-label="View tool">
        <Details
          of={[
            ["Server", <a href={serverPath(serverId)}>{serverName}</a>],
            ["Status", <State of={state} />],
            ["Changed", <Time at={changedAt} />],
          ]}
        />
      </section>
      <Change change={change} />
    </Page>
  );
}

export const toolChanges = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<ChangeView>({
      title: "Tool changes",
      intro: "Tools whose definition differs from the approved version.",
      action: "tool-changes.list",
      above: async (c) => {
        const { value } = await c.get("rest").read("/tenant", tenantSettings);
        const policy = toolChangePolicy(value.settings);
        return (
          <p class={policy === "allow" ? "notice warn" : "notice plain"}>
            On tool change: {TOOL_CHANGE_LABELS[policy]}.
            {policy === "allow" && " Changed definitions reach clients at once, without approval."}{" "}
            {may(c, "tenant.update") && <a href="/admin/settings">Change this policy</a>}
          </p>
        );
      },
      list: {
        path: HOME,
        api: "/tool-changes",
        label: "Tool changes",
        shape: changeView,
        usual: "",
        filters: [{ name: "state", label: "Status", kind: "choice", options: optionsFrom(TOOL_STATES) }],
        columns: [
          { name: "tool", label: "Tool", show: ({ tool }) => <code>{tool}</code> },
          { name: "serverName", label: "Server", show: ({ serverName }) => serverName },
          { name: "state", label: "Status", show: ({ state }) => <State of={state} /> },
          {
            name: "findings",
            label: "Findings",
            show: ({ findings }) =>
              findings.length === 0 ? "" : <Badge tone="bad">{findings.length}</Badge>,
            plain: ({ findings }) => findings.length,
          },
          { name: "changedAt", label: "Changed", show: ({ changedAt }) => <Time at={changedAt} /> },
        ],
        rowPath: ({ id }) => `${HOME}/${id}`,
        empty: {
          title: "No pending tool changes",
          says: "When a server changes a tool, the change appears here.",
        },
      },
    }),
  )
  .get(`${HOME}/:id`, requirePagePermission("tool-changes.list"), async (c) =>
    c.html(await changePage(c, c.req.param("id"))),
  )
  .post(`${HOME}/:id/enable`, requirePagePermission("tool-changes.decide"), async (c) => {
    const id = encodeURIComponent(c.req.param("id"));
    const sent = await c.get("rest").send("POST", `/tool-changes/${id}/enable`);
    return redirectWithFlash(c, sent, { says: "Tool enabled.", back: `${HOME}/${id}` });
  })
  .post(`${HOME}/:id/approve`, requirePagePermission("tool-changes.decide"), (c) =>
    decided(c, c.req.param("id"), "approve"),
  )
  .post(`${HOME}/:id/reject`, requirePagePermission("tool-changes.decide"), (c) =>
    decided(c, c.req.param("id"), "reject"),
  );

async function decided(c: Parameters<typeof may>[0], id: string, how: "approve" | "reject") {
  const json = { revision: Number(c.get("form").revision) };
  const sent = await c.get("rest").send("POST", `/tool-changes/${encodeURIComponent(id)}/${how}`, { json });
  // Something newer is not decided along with what was looked at.
  if (!sent.ok && sent.refusal.code === "precondition_failed")
    return c.html(await changePage(c, id, sent.refusal), 412);
  if (!sent.ok) throw sent.refusal;
  const { tool } = changeView.parse(sent.value);
  await setFlash(c, {
    says: how === "approve" ? `Tool ${tool} approved.` : `Tool ${tool} blocked.`,
  });
  return c.redirect(HOME, 303);
}
