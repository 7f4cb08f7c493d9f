/** The audit log: who did what to what, what it was before and after, and whether the log itself is as it was written. */
import { Hono } from "hono";
import { z } from "zod";
import { diffJson } from "../../core/discovery/json-diff.ts";
import { LinkButton, Notice } from "../forms/controls.tsx";
import { type AdminEnv, requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Badge, Details, Stats, Time } from "../ui/components.tsx";
import { Differences } from "../ui/differences.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { More, RequestLink, recordPages } from "./record-pages.tsx";

const PATH = "/admin/logs/audit";

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
  { value: "true", label: "Success" },
  { value: "false", label: "Error" },
];

const Outcome = ({ of }: { of: boolean }) => (
  <Badge tone={of ? "good" : "bad"}>{of ? "Success" : "Error"}</Badge>
);

/** Of what was made, or taken away, there is but one side. */
function Changed({ of: { before, after } }: { of: z.output<typeof full> }) {
  if (before === null && after === null) return null;
  const found = diffJson(before ?? {}, after ?? {});
  return (
    <section class="card" aria-label="Changes">
      <h2>{before === null ? "Created values" : after === null ? "Deleted values" : "Changes"}</h2>
      {found.length === 0 && <p class="quiet-text">No visible changes.</p>}
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
        Verify integrity
      </LinkButton>
    ),
  list: {
    path: PATH,
    api: "/audit-logs",
    shape: entry,
    filters: [
      { name: "action", label: "Action", kind: "text" },
      { name: "resourceType", label: "Resource type", kind: "text" },
      { name: "resourceId", label: "Resource ID", kind: "text" },
      { name: "userId", label: "Actor ID", kind: "text" },
      { name: "ipAddress", label: "IP address", kind: "text" },
      { name: "success", label: "Outcome", kind: "choice", options: OUTCOMES },
    ],
    columns: [
      { name: "action", label: "Action", show: ({ action }) => <code>{action}</code> },
      { name: "timestamp", label: "Time", show: ({ timestamp }) => <Time at={timestamp} /> },
      {
        name: "resourceType",
        label: "Resource",
        show: ({ resourceType }) => resourceType.replaceAll("_", " "),
      },
      { name: "resourceId", label: "ID", show: ({ resourceId }) => <code>{resourceId}</code> },
      { name: "userId", label: "Actor", show: ({ userId, apiKeyId }) => <code>{userId ?? apiKeyId}</code> },
      { name: "ipAddress", label: "IP address", show: ({ ipAddress }) => ipAddress ?? "" },
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
            ["Resource", `${row.resourceType.replaceAll("_", " ")} ${row.resourceId ?? ""}`],
            ["Outcome", <Outcome of={row.success} />],
            ["User", row.userId ?? "none"],
            ["API key", row.apiKeyId ?? "none"],
            ...(row.impersonatorId === null ? [] : [["Impersonated user", row.impersonatorId] as const]),
            ["IP address", `${row.ipAddress ?? "unknown"} ${row.userAgent ?? ""}`],
            ["Request ID", <RequestLink id={row.requestId} />],
            ...(row.errorMessage === null ? [] : [["Error", row.errorMessage] as const]),
            ["Chain position", `${row.sequence} (${row.hash.slice(0, 16)}…)`],
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
  faults: z.array(z.object({ message: z.string(), entryId: z.string().nullable() })),
});

/** As many as a page can wait for; the rest is a step further. */
const AT_ONCE = 50_000;

const verifying = new Hono<AdminEnv>().get(
  `${PATH}/verification`,
  requirePagePermission("audit-logs.verify"),
  async (c) => {
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
        frame={buildFrame(c)}
        intro="Each entry contains the hash of the previous entry, so edits and deletions are detectable."
      >
        <Stats
          stats={[
            { label: "Entries checked", value: found.checked },
            { label: "Errors", value: found.faults.length },
          ]}
        />
        {found.faults.length === 0 ? (
          <Notice>No inconsistencies found{found.next === null ? "." : " so far."}</Notice>
        ) : (
          <section class="card" aria-label="Errors">
            <h2>Inconsistencies</h2>
            <ul class="tight">
              {found.faults.map(({ message }) => (
                <li>{message}</li>
              ))}
            </ul>
          </section>
        )}
        {found.next !== null && (
          <LinkButton to={`${PATH}/verification?after=${found.next}`}>
            Continue from entry {found.next}
          </LinkButton>
        )}
        <form class="wide card" method="get" action={`${PATH}/verification`}>
          <Details
            of={[["Anchor (store it outside the gateway)", <code>{found.anchor ?? "No entries yet."}</code>]]}
          />
          <label>
            Previous anchor
            <input type="text" name="anchor" value={anchor} maxlength={100} autocomplete="off" />
            <span class="hint">Verifies that the entries it covers are unchanged.</span>
          </label>
          <div class="start">
            <button type="submit">Verify again</button>
          </div>
        </form>
      </Page>,
    );
  },
);

export const audit = new Hono<AdminEnv>().route("/", verifying).route("/", entries);
