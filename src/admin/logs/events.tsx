/** What security should see, what changed by itself, and what failed. */
import { Hono } from "hono";
import { z } from "zod";
import { SEVERITIES } from "../../core/enums.ts";
import { SECURITY_EVENTS } from "../../core/security-events.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { optionsFrom } from "../lists/spec.ts";
import { serverOptions } from "../lookups/choices.ts";
import { CopyableLink } from "../lookups/record-names.tsx";
import { Details, Time } from "../ui/components.tsx";
import { SeverityBadge } from "../ui/states.tsx";
import { More, RequestLink, recordPages } from "./record-pages.tsx";

const common = z.object({
  id: z.string(),
  timestamp: z.string(),
  severity: z.enum(SEVERITIES),
  serverId: z.string().nullable(),
});

const severityFilter = {
  name: "severity",
  label: "Severity",
  kind: "choice",
  options: optionsFrom(SEVERITIES),
} as const;
const serverFilter = { name: "serverId", label: "Server", kind: "choice", options: serverOptions } as const;

const securityEvent = common.extend({
  eventType: z.string(),
  description: z.string(),
  ipAddress: z.string().nullable(),
});
const fullSecurityEvent = securityEvent.extend({
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  requestId: z.string().nullable(),
  details: z.unknown(),
});

const security = recordPages<z.output<typeof securityEvent>, z.output<typeof fullSecurityEvent>>({
  title: "Security events",
  noun: "Security event",
  action: "security-events.list",
  list: {
    path: "/admin/logs/security-events",
    api: "/security-events",
    shape: securityEvent,
    search: "Description",
    filters: [
      {
        name: "eventType",
        label: "Type",
        kind: "choice",
        options: optionsFrom(Object.keys(SECURITY_EVENTS)),
      },
      severityFilter,
      serverFilter,
      { name: "ipAddress", label: "IP address", kind: "text" },
    ],
    columns: [
      { name: "eventType", label: "Event", show: ({ eventType }) => <code>{eventType}</code> },
      { name: "timestamp", label: "Time", show: ({ timestamp }) => <Time at={timestamp} /> },
      { name: "severity", label: "Severity", show: ({ severity }) => <SeverityBadge of={severity} /> },
      { name: "description", label: "Description", show: ({ description }) => description },
      { name: "ipAddress", label: "IP address", show: ({ ipAddress }) => ipAddress ?? "" },
    ],
  },
  full: fullSecurityEvent,
  ids: ({ userId, apiKeyId, serverId }) => ({ user: [userId], key: [apiKeyId], server: [serverId] }),
  show: (row, nameOf) => (
    <>
      <section class="card" aria-label="Event">
        <p>{row.description}</p>
        <Details
          of={[
            ["Event", <code>{row.eventType}</code>],
            ["Severity", <SeverityBadge of={row.severity} />],
            ["Principal", <CopyableLink kind="user" id={row.userId} nameOf={nameOf} none="unknown" />],
            ["API key", <CopyableLink kind="key" id={row.apiKeyId} nameOf={nameOf} none="none" />],
            ["Server", <CopyableLink kind="server" id={row.serverId} nameOf={nameOf} none="none" />],
            ["IP address", row.ipAddress ?? "unknown"],
            ["Request ID", <RequestLink id={row.requestId} />],
          ]}
        />
      </section>
      <More of={row.details} />
    </>
  ),
});

const systemEvent = common.extend({ eventType: z.string(), source: z.string(), message: z.string() });
const fullSystemEvent = systemEvent.extend({ details: z.unknown() });

const system = recordPages<z.output<typeof systemEvent>, z.output<typeof fullSystemEvent>>({
  title: "System events",
  noun: "System event",
  action: "system-events.list",
  list: {
    path: "/admin/logs/system-events",
    api: "/system-events",
    shape: systemEvent,
    search: "Message",
    filters: [{ name: "eventType", label: "Type", kind: "text" }, severityFilter, serverFilter],
    columns: [
      { name: "eventType", label: "Event", show: ({ eventType }) => <code>{eventType}</code> },
      { name: "timestamp", label: "Time", show: ({ timestamp }) => <Time at={timestamp} /> },
      { name: "severity", label: "Severity", show: ({ severity }) => <SeverityBadge of={severity} /> },
      { name: "message", label: "Message", show: ({ message }) => message },
    ],
  },
  full: fullSystemEvent,
  ids: ({ serverId }) => ({ server: [serverId] }),
  show: (row, nameOf) => (
    <>
      <section class="card" aria-label="Event">
        <p>{row.message}</p>
        <Details
          of={[
            ["Event", <code>{row.eventType}</code>],
            ["Source", row.source],
            ["Severity", <SeverityBadge of={row.severity} />],
            ["Server", <CopyableLink kind="server" id={row.serverId} nameOf={nameOf} none="none" />],
          ]}
        />
      </section>
      <More of={row.details} />
    </>
  ),
});

const failure = common.extend({ code: z.string(), message: z.string(), source: z.string() });
const fullFailure = failure.extend({
  requestId: z.string().nullable(),
  fingerprint: z.string().nullable(),
  details: z.unknown(),
});

const errors = recordPages<z.output<typeof failure>, z.output<typeof fullFailure>>({
  title: "Errors",
  noun: "Error",
  action: "error-logs.list",
  list: {
    path: "/admin/logs/errors",
    api: "/error-logs",
    shape: failure,
    search: "Message",
    filters: [
      { name: "code", label: "Code", kind: "text" },
      { name: "source", label: "Source", kind: "text" },
      severityFilter,
      serverFilter,
      { name: "fingerprint", label: "Fingerprint", kind: "text" },
    ],
    columns: [
      { name: "code", label: "Code", show: ({ code }) => <code>{code}</code> },
      { name: "timestamp", label: "Time", show: ({ timestamp }) => <Time at={timestamp} /> },
      { name: "severity", label: "Severity", show: ({ severity }) => <SeverityBadge of={severity} /> },
      { name: "message", label: "Message", show: ({ message }) => message },
      { name: "source", label: "Source", show: ({ source }) => source },
    ],
  },
  full: fullFailure,
  ids: ({ serverId }) => ({ server: [serverId] }),
  show: (row, nameOf) => (
    <>
      <section class="card" aria-label="Error">
        <p>{row.message}</p>
        <Details
          of={[
            ["Code", <code>{row.code}</code>],
            ["Source", row.source],
            ["Severity", <SeverityBadge of={row.severity} />],
            ["Server", <CopyableLink kind="server" id={row.serverId} nameOf={nameOf} none="none" />],
            ["Request ID", <RequestLink id={row.requestId} />],
            [
              "Other occurrences",
              row.fingerprint === null ? (
                "unknown"
              ) : (
                <a
                  href={`/admin/logs/errors?from=2000-01-01T00:00&fingerprint=${encodeURIComponent(row.fingerprint)}`}
                >
                  {row.fingerprint}
                </a>
              ),
            ],
          ]}
        />
      </section>
      <More of={row.details} />
    </>
  ),
});

export const events = new Hono<AdminEnv>().route("/", security).route("/", system).route("/", errors);
