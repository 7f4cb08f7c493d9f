/** The audit log: who did what to what, what it was before and after, and whether the log itself is as it was written. */
import { Hono } from "hono";
import { z } from "zod";
import { diffJson } from "../../core/json-diff.ts";
import { LinkButton, Notice } from "../forms/parts.tsx";
import { type AdminEnv, gate } from "../gate.ts";
import { may } from "../lists/routes.tsx";
import { Differences } from "../ui/differences.tsx";
import { frameOf } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { Badge, Details, Stats, Time } from "../ui/parts.tsx";
import { More, RequestLink, recordPages } from "./record-pages.tsx";

const PATH = "/admin/audit";

const entry = z.object({
  id: z.string(),
  timestamp: z.string(),
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  action: z.string(),
  resourceType: z.string(),
  resourceId: z.string().nullable(),
  success: z.boolean(),
  ipAddress: z.string().nullable(),
});

const full = entry.extend({
  impersonatorId: z.string().nullable(),
  sessionId: z.string().nullable(),
  userAgent: z.string().nullable(),
  requestId: z.string().nullable(),
  errorMessage: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  details: z.unknown(),
  sequence: z.number(),
  hash: z.string(),
});

const OUTCOMES = [
  { value: "true", label: "Came off" },
  { value: "false", label: "Failed" },
];

const Outcome = ({ of }: { of: boolean }) => (
  <Badge tone={of ? "good" : "bad"}>{of ? "came off" : "failed"}</Badge>
);

/** Of what was made, or taken away, there is but one side. */
function Changed({ of: { before, after } }: { of: z.output<typeof full> }) {
  if (before === null && after === null) return null;
  const found = diffJson(before ?? {}, after ?? {});
  return (
    <section class="card" aria-label="Changes">
      <h2>{before === null ? "What was made" : after === null ? "What was taken away" : "What changed"}</h2>
      {found.length === 0 && <p class="quiet-text">Nothing that can be seen.</p>}
      <Differences of={found} />
    </section>
  );
}

const entries = recordPages<z.output<typeof entry>, z.output<typeof full>>({
  title: "Audit log",
  noun: "Audit entry",
  action: "audit-logs.list",
  actions: (c) =>
    may(c, "audit-logs.verify") && (
      <LinkButton to={`${PATH}/verification`} kind="quiet">
        Verify
      </LinkButton>
    ),
  list: {
    path: PATH,
    api: "/audit-logs",
    shape: entry,
    filters: [
      { name: "action", label: "Action", kind: "text" },
      { name: "resourceType", label: "Kind of thing", kind: "text" },
      { name: "resourceId", label: "Thing's id", kind: "text" },
      { name: "userId", label: "Person's id", kind: "text" },
      { name: "ipAddress", label: "Address", kind: "text" },
      { name: "success", label: "Outcome", kind: "choice", options: OUTCOMES },
    ],
    columns: [
      { name: "action", label: "Action", show: ({ action }) => <code>{action}</code> },
      { name: "timestamp", label: "Time", show: ({ timestamp }) => <Time at={timestamp} /> },
      { name: "resourceType", label: "On", show: ({ resourceType }) => resourceType.replaceAll("_", " ") },
      { name: "resourceId", label: "Id", show: ({ resourceId }) => <code>{resourceId}</code> },
      { name: "userId", label: "By", show: ({ userId, apiKeyId }) => <code>{userId ?? apiKeyId}</code> },
      { name: "ipAddress", label: "From", show: ({ ipAddress }) => ipAddress ?? "" },
      { name: "success", label: "Outcome", show: ({ success }) => <Outcome of={success} /> },
    ],
  },
  full,
  show: (row) => (
    <>
      <section class="card" aria-label="Entry">
        <Details
          of={[
            ["Action", <code>{row.action}</code>],
            ["On", `${row.resourceType.replaceAll("_", " ")} ${row.resourceId ?? ""}`],
            ["Outcome", <Outcome of={row.success} />],
            ["Person", row.userId ?? "nobody"],
            ["Key", row.apiKeyId ?? "none"],
            ...(row.impersonatorId === null
              ? []
              : [["In the place of that person", row.impersonatorId] as const]),
            ["From", `${row.ipAddress ?? "unknown"} ${row.userAgent ?? ""}`],
            ["Request", <RequestLink id={row.requestId} />],
            ...(row.errorMessage === null ? [] : [["Error", row.errorMessage] as const]),
            ["Place in the chain", `${row.sequence} (${row.hash.slice(0, 16)}…)`],
          ]}
        />
      </section>
      <Changed of={row} />
      <More of={row.details} />
    </>
  ),
});

const verification = z.object({
  checked: z.number(),
  next: z.number().nullable(),
  anchor: z.string().nullable(),
  faults: z.array(z.object({ says: z.string(), entryId: z.string().nullable() })),
});

/** As many as a page can wait for; the rest is a step further. */
const AT_ONCE = 50_000;

const verifying = new Hono<AdminEnv>().get(`${PATH}/verification`, gate("audit-logs.verify"), async (c) => {
  const after = c.req.query("after") ?? "0";
  const anchor = c.req.query("anchor")?.trim() ?? "";
  const { value: found } = await c.get("rest").read("/audit-logs/verification", verification, {
    after,
    anchor,
    limit: AT_ONCE,
  });
  return c.html(
    <Page
      title="Verification"
      frame={frameOf(c)}
      crumbs={[{ label: "Audit log", path: PATH }]}
      intro="Each entry's hash is of what it says and of the hash before it. Whoever changes or removes one breaks the chain."
    >
      <Stats
        stats={[
          { label: "Entries looked at", value: found.checked },
          { label: "Faults", value: found.faults.length },
        ]}
      />
      {found.faults.length === 0 ? (
        <Notice>Nothing was changed and nothing is missing{found.next === null ? "." : " so far."}</Notice>
      ) : (
        <section class="card" aria-label="Faults">
          <h2>What is wrong</h2>
          <ul class="tight">
            {found.faults.map(({ says }) => (
              <li>{says}</li>
            ))}
          </ul>
        </section>
      )}
      {found.next !== null && (
        <LinkButton to={`${PATH}/verification?after=${found.next}`}>Go on from entry {found.next}</LinkButton>
      )}
      <form class="wide card" method="get" action={`${PATH}/verification`}>
        <Details
          of={[["Anchor, to be kept elsewhere", <code>{found.anchor ?? "There are no entries yet."}</code>]]}
        />
        <label>
          An anchor from before
          <input type="text" name="anchor" value={anchor} maxlength={100} autocomplete="off" />
          <span class="hint">What it was taken from must still be there, as it was.</span>
        </label>
        <div class="start">
          <button type="submit">Verify again</button>
        </div>
      </form>
    </Page>,
  );
});

export const audit: PageGroup = {
  nav: [
    {
      section: "Records",
      label: "Audit log",
      path: PATH,
      action: "audit-logs.list",
      also: "who did what changes history verify chain",
    },
  ],
  routes: new Hono<AdminEnv>().route("/", verifying).route("/", entries),
};
