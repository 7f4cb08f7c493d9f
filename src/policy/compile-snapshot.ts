/** Compiles the rows of a tenant into its snapshot. */
import { z } from "zod";
import { compileRules } from "../core/access/rules.ts";
import { toolChangePolicy } from "../core/discovery/tool-drift.ts";
import { compileIpRules } from "../core/limits/ip-rules.ts";
import { compileLimits } from "../core/limits/resolve-limits.ts";
import { compileTargetLimits } from "../core/limits/target-limits.ts";
import { compileRouting } from "../core/routing/rules.ts";
import { payloadPolicy } from "../core/settings/payloads.ts";
import { resolveTracing } from "../core/settings/tracing.ts";
import { readSettings, type Settings } from "../core/settings/values.ts";
import { MAX_RESPONSE_BYTES, MAX_SERVER_RESPONSE_BYTES } from "../core/size-limits.ts";
import type { ServerRow, TenantRows } from "../db/queries/tenants/load-tenant.ts";
import { parseFlags } from "./flag-rules.ts";
import { parseNaming } from "./naming-settings.ts";
import { parseRoutingRule } from "./routing.ts";
import type { QueueSettings, ServerSettings, SnapshotServer, TenantSnapshot } from "./snapshot.ts";
import { parseTenantSettings } from "./tenant-settings.ts";

/** A server's own settings; what does not fit falls back to the default, so that a bad row stops no traffic. */
const serverSettings: z.ZodType<ServerSettings> = z.object({
  firstByteTimeoutMs: z.number().int().min(100).max(600_000).catch(60_000),
  earlyAnswerMs: z.number().int().min(10).max(600_000).catch(5000),
  keepAliveMs: z.number().int().min(10).max(600_000).catch(5_000),
  idleTimeoutMs: z.number().int().min(1000).max(3_600_000).catch(300_000),
  maxResponseBytes: z.number().int().min(1024).max(MAX_SERVER_RESPONSE_BYTES).catch(MAX_RESPONSE_BYTES.mcp),
});

const toolSettings = z.object({
  tools: z
    .record(
      z.string(),
      z.object({ timeoutMs: z.number().int().positive().optional().catch(undefined) }).catch({}),
    )
    .catch({})
    .default({}),
});

/** The server's own share of calls whose payload is kept, in place of the tenant's. */
const payloadSample = z.object({ payloadSample: z.number().min(0).max(1).optional().catch(undefined) });

/** Of a server without any of its own. */
const DEFAULT_SETTINGS = parseServerSettings({});

function parseServerSettings(stored: Readonly<Record<string, unknown>>) {
  return {
    times: serverSettings.parse(stored),
    sample: payloadSample.parse(stored).payloadSample,
    tools: new Map(Object.entries(toolSettings.parse(stored).tools)),
  };
}

/** Disabled, it holds no call: a server at its concurrency limit rejects at once. */
function toQueueSettings(queue: ServerRow["queue"]): QueueSettings | undefined {
  if (queue === null) return undefined;
  const { isEnabled, maxSize, maxWaitMs } = queue;
  return { maxSize: isEnabled ? maxSize : 0, maxWaitMs };
}

const toDate = (text: string | null) => (text === null ? null : new Date(text));

/** Undefined where the tenant is not served. */
export function compileSnapshot(rows: TenantRows): TenantSnapshot | undefined {
  const { settings, timeZone, planLimits, ...tenant } = rows.tenant;
  if (tenant.status !== "active") return undefined;
  const { accessDefault, burst } = parseTenantSettings(settings);
  const runtime = readSettings(rows.values);
  const terms = { holdsChanges: toolChangePolicy(settings) !== "allow", runtime };
  const servers = rows.servers.map((row) => compileServer(row, terms));
  const rules = rows.rules.map((rule) => ({
    ...rule,
    validFrom: toDate(rule.validFrom),
    validUntil: toDate(rule.validUntil),
  }));
  return {
    ...tenant,
    naming: parseNaming(settings),
    settings: runtime,
    tracing: resolveTracing(rows.values),
    flags: parseFlags(rows.flags),
    servers: new Map(servers.map((server) => [server.name, server])),
    serversById: new Map(servers.map((server) => [server.id, server])),
    rules: compileRules(rules, { accessDefault, timeZone }),
    windows: rows.windows.map((window) => ({
      ...window,
      startsAt: new Date(window.startsAt),
      endsAt: new Date(window.endsAt),
    })),
    limits: compileLimits(rows.limits, planLimits.requestsPerMinute),
    targetLimits: compileTargetLimits(rows.limits),
    ipLists: compileIpRules(rows.ipRules.map((rule) => ({ ...rule, expiresAt: toDate(rule.expiresAt) }))),
    routing: compileRouting(rows.routing.flatMap(parseRoutingRule)),
    burst,
  };
}

interface ServerTerms {
  readonly holdsChanges: boolean;
  readonly runtime: Settings;
}

/** What is known of its tools is parsed by the first call that needs it: most isolates call few of a tenant's servers. */
function compileServer(row: ServerRow, { holdsChanges, runtime }: ServerTerms): SnapshotServer {
  const { settings, queue, readOnlyTools, withheldTools, approved, ...server } = row;
  const hasSettings = Object.keys(settings).length > 0;
  const { times, sample, tools } = hasSettings ? parseServerSettings(settings) : DEFAULT_SETTINGS;
  const known = {
    readOnly: lazily(() => new Set(parseNames(readOnlyTools))),
    withheld: lazily(() => new Set(parseNames(withheldTools))),
    approved: lazily(() => (approved === null ? undefined : new Map(parseHashes(approved)))),
  };
  return {
    ...server,
    ...times,
    queue: toQueueSettings(queue),
    holdsChanges,
    tools,
    payloads: payloadPolicy(runtime, sample),
    get readOnlyTools() {
      return known.readOnly();
    },
    get withheldTools() {
      return known.withheld();
    },
    get approved() {
      return known.approved();
    },
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const names = z.array(z.string());
const hashes = z.array(z.tuple([z.string(), z.string()]));

const parseNames = (text: string | null) => (text === null ? [] : names.parse(JSON.parse(text)));
const parseHashes = (text: string) => hashes.parse(JSON.parse(text));
