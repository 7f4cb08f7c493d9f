/** The audit log: who did what to what, what it was before and after, and whether the log itself is as it was written. */
import { Hono } from "hono";
import { z } from "zod";
import { diffJson } from "../../core/discovery/json-diff.ts";
import { LinkButton, Notice } from "../forms/controls.tsx";
import type { ApiClient } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { keyOptions, memberOptions } from "../lookups/choices.ts";
import {
  CopyableLink,
  type FindName,
  loadNames,
  type RecordKind,
  RecordLink,
  resourceKind,
} from "../lookups/record-names.tsx";
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
  /** Of the actor and of the resource, where they still exist. */
  userName: z.string().optional(),
  keyName: z.string().optional(),
  resourceName: z.string().optional(),
});
type Entry = z.output<typeof entry>;

async function addNames(rest: ApiClient, rows: readonly Entry[]): Promise<readonly Entry[]> {
  const ofKind = (kind: RecordKind) =>
    rows
      .filter(({ resourceType }) => resourceKind(resourceType) === kind)
      .map(({ resourceId }) => resourceId);
  const nameOf = await loadNames(rest, {
    user: [...rows.map(({ userId }) => userId), ...ofKind("user")],
    key: [...rows.map(({ apiKeyId }) => apiKeyId), ...ofKind("key")],
    server: ofKind("server"),
  });
  return rows.map((row) => {
    const kind = resourceKind(row.resourceType);
    return {
      ...row,
      userName: nameOf("user", row.userId),
      keyName: nameOf("key", row.apiKeyId),
      resourceName: kind && nameOf(kind, row.resourceId),
    };
  });
}

function Resource({ of: { resourceType, resourceId, resourceName } }: { of: Entry }) {
  const kind = resourceKind(resourceType);
  if (kind === undefined) return <code>{resourceId}</code>;
  return <RecordLink kind={kind} id={resourceId} name={resourceName} />;
}

function ResourceLink({ row: { resourceType, resourceId }, nameOf }: { row: Entry; nameOf: FindName }) {
  const kind = resourceKind(resourceType);
  if (kind === undefined) return <code>{resourceId ?? "none"}</code>;
  return <CopyableLink kind={kind} id={resourceId} nameOf={nameOf} none="none" />;
}

/** An action by API key is its owner's; a key without an owner acts as a service. */
function Actor({ of: { userId, userName, apiKeyId, keyName } }: { of: Entry }) {
  if (userId === null) return <RecordLink kind="key" id={apiKeyId} name={keyName} none="gateway" />;
  return <RecordLink kind="user" id={userId} name={userName} />;
}

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
    complete: addNames,
    filters: [
      { name: "action", label: "Action", kind: "text" },
      { name: "resourceType", label: "Resource type", kind: "text" },
      { name: "resourceId", label: "Resource ID", kind: "text" },
      { name: "userId", label: "Actor", kind: "choice", options: memberOptions },
      { name: "apiKeyId", label: "API key", kind: "choice", options: keyOptions },
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
      {
        ...{ name: "resourceName", label: "Name", show: (row) => <Resource of={row} /> },
        plain: ({ resourceName, resourceId }) => resourceName ?? resourceId,
      },
      {
        ...{ name: "userName", label: "Actor", show: (row) => <Actor of={row} /> },
        plain: ({ userName, userId, keyName, apiKeyId }) => userName ?? userId ?? keyName ?? apiKeyId,
      },
      { name: "resourceId", label: "Resource ID", plain: ({ resourceId }) => resourceId },
      { name: "userId", label: "Actor ID", plain: ({ userId, apiKeyId }) => userId ?? apiKeyId },
      { name: "ipAddress", label: "IP address", show: ({ ipAddress }) => ipAddress ?? "" },
      { name: "success", label: "Outcome", show: ({ success }) => <Outcome of={success} /> },
    ],
  },
  full,
  ids: ({ userId, apiKeyId, impersonatorId, resourceType, resourceId }) => {
    const kind = resourceKind(resourceType);
    const people = [userId, impersonatorId, kind === "user" ? resourceId : null];
    return {
      user: people,
      key: [apiKeyId, kind === "key" ? resourceId : null],
      server: [kind === "server" ? resourceId : null],
    };
  },
  show: (row, nameOf) => (
    <>
      <section class="card" aria-label="Entry">
        <Details
          of={[
            ["Action", <code>{row.action}</code>],
            ["Resource", row.resourceType.replaceAll("_", " ")],
            ["Name", <ResourceLink row={row} nameOf={nameOf} />],
            ["Outcome", <Outcome of={row.success} />],
            ["Actor", <CopyableLink kind="user" id={row.userId} nameOf={nameOf} none="none" />],
            ["API key", <CopyableLink kind="key" id={row.apiKeyId} nameOf={nameOf} none="none" />],
            ...(row.impersonatorId === null
              ? []
              : [
                  [
                    "Impersonated by",
                    <CopyableLink kind="user" id={row.impersonatorId} nameOf={nameOf} />,
                  ] as const,
                ]),
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
