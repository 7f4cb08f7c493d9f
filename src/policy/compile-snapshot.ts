/** Compiles the rows of a tenant into its snapshot. */
import { z } from "zod";
import { compileRules } from "../core/access/rules.ts";
import { toolChangePolicy } from "../core/discovery/tool-drift.ts";
import { compileIpRules } from "../core/limits/ip-rules.ts";
import { compileLimits } from "../core/limits/resolve-limits.ts";
import { compileTargetLimits } from "../core/limits/target-limits.ts";
import type { CompiledWindow } from "../core/maintenance/windows.ts";
import { compileRouting } from "../core/routing/rules.ts";
import { resolveTracing } from "../core/settings/tracing.ts";
import { banTerms, retrySettings } from "../core/settings/traffic-terms.ts";
import { readSettings, type Settings } from "../core/settings/values.ts";
import { compileBindings } from "../core/toolsets/bindings.ts";
import type { ServerRow, TenantRows } from "../db/queries/tenants/load-tenant.ts";
import { parseFlags } from "./flag-rules.ts";
import { parseNaming } from "./naming-settings.ts";
import { parseRoutingRule } from "./routing.ts";
import { type OwnSettings, readQueueSettings, readServerSettings } from "./server-settings.ts";
import type { SnapshotServer, TenantSnapshot } from "./snapshot.ts";
import { parseTenantSettings } from "./tenant-settings.ts";
import { compileToolsets } from "./toolsets.ts";

const toDate = (text: string | null) => (text === null ? null : new Date(text));

/** Undefined where the tenant is not served. */
export async function compileSnapshot(rows: TenantRows): Promise<TenantSnapshot | undefined> {
  const { settings, timeZone, planLimits, ...tenant } = rows.tenant;
  if (tenant.status !== "active") return undefined;
  const { accessDefault, burst } = parseTenantSettings(settings);
  const runtime = readSettings(rows.values);
  const holdsChanges = toolChangePolicy(settings) !== "allow";
  const terms = { holdsChanges, runtime, defaults: readServerSettings({}, runtime) };
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
    toolsets: compileToolsets(rows.toolsets),
    bindings: compileBindings(rows.bindings),
    rules: compileRules(rules, { accessDefault, timeZone }),
    windows: await compileWindows(rows.windows),
    limits: compileLimits(rows.limits, planLimits.requestsPerMinute),
    targetLimits: compileTargetLimits(rows.limits),
    budgets: rows.budgets.length === 0 ? undefined : { budgets: rows.budgets, timeZone },
    bans: banTerms(runtime),
    retries: retrySettings(runtime),
    ipLists: compileIpRules(rows.ipRules.map((rule) => ({ ...rule, expiresAt: toDate(rule.expiresAt) }))),
    routing: compileRouting(rows.routing.flatMap(parseRoutingRule)),
    burst,
  };
}

async function compileWindows(rows: TenantRows["windows"]): Promise<readonly CompiledWindow[]> {
  const windows = rows.map((row) => ({
    ...row,
    startsAt: new Date(row.startsAt),
    endsAt: new Date(row.endsAt),
  }));
  if (windows.every(({ recurrence }) => recurrence === null))
    return windows.map((window) => ({ ...window, nextRun: undefined }));
  const { compileWindow } = await import("../core/maintenance/recurrence.ts");
  return windows.map(compileWindow);
}

interface ServerTerms {
  readonly holdsChanges: boolean;
  readonly runtime: Settings;
  /** Of servers without settings of their own. */
  readonly defaults: OwnSettings;
}

/** What is known of its tools is parsed by the first call that needs it: most isolates call few of a tenant's servers. */
function compileServer(row: ServerRow, { holdsChanges, runtime, defaults }: ServerTerms): SnapshotServer {
  const { settings, queue, readOnlyTools, withheldTools, declaredCosts, approved, ...server } = row;
  const hasSettings = Object.keys(settings).length > 0;
  const own = hasSettings ? readServerSettings(settings, runtime) : defaults;
  const known = {
    readOnly: lazily(() => new Set(parseNames(readOnlyTools))),
    withheld: lazily(() => new Set(parseNames(withheldTools))),
    costs: lazily(() => new Map(runtime["budgets.declared_costs"] ? parseCosts(declaredCosts) : [])),
    approved: lazily(() => (approved === null ? undefined : new Map(parseHashes(approved)))),
  };
  return {
    ...server,
    ...own,
    queue: readQueueSettings(runtime, queue),
    holdsChanges,
    get readOnlyTools() {
      return known.readOnly();
    },
    get withheldTools() {
      return known.withheld();
    },
    get declaredCosts() {
      return known.costs();
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
const costs = z.array(z.tuple([z.string(), z.number()]));

const parseNames = (text: string | null) => (text === null ? [] : names.parse(JSON.parse(text)));
const parseCosts = (text: string | null) => (text === null ? [] : costs.parse(JSON.parse(text)));
const parseHashes = (text: string) => hashes.parse(JSON.parse(text));
