/** What a configuration file would change: read, held against what there is, and named by a hash that its carrying out must repeat. */

import { type DesiredItem, matchItems, sortByDependency } from "../../core/configuration/match-items.ts";
import { sha256Hex } from "../../core/digest.ts";
import { type InputIssue, InvalidInputError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import type { ApiContext } from "../resource/scope.ts";
import { ownChange } from "../tenants/schemas.ts";
import type { Document, PlannedChange } from "./document.ts";
import { listIssues, type Secrets, type Section, type ServerNames } from "./section.ts";
import { SECTIONS } from "./sections.ts";
import { findAddressFault } from "./servers.ts";
import {
  type ConfigurationState,
  collectNames,
  type ExistingRow,
  listExisting,
  loadState,
  tenantContent,
} from "./state.ts";

/** One step of it, with what its statement needs. */
export interface PlanStep {
  readonly section: Section;
  readonly change: PlannedChange;
  readonly id: string;
  readonly values: CrudRow;
  readonly before: CrudRow | undefined;
}

export interface Plan {
  readonly hash: string;
  readonly changes: readonly PlannedChange[];
  readonly steps: readonly PlanStep[];
  readonly tenant: CrudRow | undefined;
}

interface DesiredRow extends DesiredItem {
  readonly values: CrudRow;
  readonly path: string;
}

export async function buildPlan(c: ApiContext, document: Document, secrets: Secrets): Promise<Plan> {
  const state = await loadState(c);
  const faults: InputIssue[] = [];
  const ids = listServerIds(document, state);
  const names = collectNames(state, ids);
  const steps: PlanStep[] = [];
  for (const section of SECTIONS) {
    const items = listItems(document, section);
    if (items === undefined) continue;
    const wanted = await listDesired(c, section, items, names, faults);
    steps.push(...(await listSteps(c, section, wanted, state, names, secrets, faults)));
  }
  rejectBeyondPlan(document, state, faults);
  const tenant = tenantStep(document, state, faults);
  if (faults.length > 0) throw new InvalidInputError(faults.slice(0, 100));
  const changes = [...(tenant === undefined ? [] : [tenant.change]), ...steps.map(({ change }) => change)];
  return { hash: await sha256Hex(canonicalJson(changes)), changes, steps, tenant: tenant?.values };
}

function listItems(document: Document, section: Section): readonly CrudRow[] | undefined {
  const items: unknown = Object.entries(document).find(([name]) => name === section.name)?.[1];
  return Array.isArray(items) ? items : undefined;
}

/** New servers get their ids now, so that rules can speak of them. */
function listServerIds(
  document: Document,
  state: ConfigurationState,
): ReadonlyMap<string, string> | undefined {
  const servers = SECTIONS.find(({ name }) => name === "servers");
  const items = servers && listItems(document, servers);
  if (items === undefined) return undefined;
  const known = new Map((state.rows.get("servers") ?? []).map(({ id, name }) => [String(name), String(id)]));
  return new Map(items.map(({ name }) => [String(name), known.get(String(name)) ?? uuidv7()]));
}

async function listDesired(
  c: ApiContext,
  section: Section,
  items: readonly CrudRow[],
  names: ServerNames,
  faults: InputIssue[],
): Promise<DesiredRow[]> {
  const { db, principal } = c.var;
  const wanted: DesiredRow[] = [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const path = `/document/${section.name}/${index}`;
    const targets = Array.isArray(item.targetServers) ? item.targetServers : [];
    const coming = new Set(targets.map((name) => names.idOf(String(name)) ?? String(name)));
    const reading = await section.read({ db, owner: principal.tenantId, coming }, item, names);
    if ("faults" in reading) {
      faults.push(...reading.faults.map((fault) => ({ ...fault, path: path + fault.path })));
      continue;
    }
    const { values } = reading;
    const address = section.name === "servers" ? findAddressFault(c, values) : undefined;
    if (address !== undefined) faults.push({ path: `${path}/endpointUrl`, message: address });
    const content = section.contentOf?.(values, names) ?? (await section.write(c, values, names));
    const identity = section.identityOf(content);
    if (section.isUnique && seen.has(identity)) faults.push({ path, message: "is duplicated" });
    seen.add(identity);
    wanted.push({ identity, content, values, path });
  }
  return sortByDependency(wanted);
}

async function listSteps(
  c: ApiContext,
  section: Section,
  wanted: readonly DesiredRow[],
  state: ConfigurationState,
  names: ServerNames,
  secrets: Secrets,
  faults: InputIssue[],
): Promise<PlanStep[]> {
  const { made, removed, kept } = matchItems(wanted, await listExisting(c, section, state, names));
  const step = async (how: "create" | "update", item: DesiredRow, old?: ExistingRow): Promise<PlanStep[]> => {
    const id =
      old?.id ?? (section.name === "servers" ? names.idOf(String(item.values.name)) : undefined) ?? uuidv7();
    const secret = await section.secret?.(c, { ...item.values, id }, secrets, old?.row);
    if (secret !== undefined && "fault" in secret) {
      faults.push({ ...secret.fault, path: item.path + secret.fault.path });
      return [];
    }
    const isSame = old !== undefined && canonicalJson(old.content) === canonicalJson(item.content);
    if (isSame && secret?.isNew !== true) return [];
    const change: PlannedChange = {
      section: section.name,
      action: how,
      name: itemLabel(item),
      ...(old !== undefined && { before: old.content }),
      after: item.content,
      ...(secret?.isNew === true && { secret: true }),
    };
    return [{ section, change, id, values: { ...item.values, ...secret?.values }, before: old?.row }];
  };
  const steps: PlanStep[] = removed.map((old) => ({
    section,
    change: { section: section.name, action: "delete", name: itemLabel(old), before: old.content },
    id: old.id,
    values: {},
    before: old.row,
  }));
  for (const item of made) steps.push(...(await step("create", item)));
  for (const { wanted: item, existing } of kept) steps.push(...(await step("update", item, existing)));
  return steps;
}

function itemLabel({ content, identity }: DesiredItem): string {
  const { name, key, title, tableName, server, cidr } = content;
  return String(name ?? key ?? title ?? tableName ?? cidr ?? server ?? identity).slice(0, 200);
}

function rejectBeyondPlan(document: Document, { tenant }: ConfigurationState, faults: InputIssue[]): void {
  const servers = SECTIONS.find(({ name }) => name === "servers");
  const count = (servers && listItems(document, servers)?.length) ?? 0;
  const room = tenant.planLimits.servers ?? Number.POSITIVE_INFINITY;
  if (count > room)
    faults.push({
      path: "/document/servers",
      message: `exceed the plan limit of ${room}`,
    });
}

/** Settings are laid over what is there: what a file does not name stays. */
function tenantStep({ tenant }: Document, state: ConfigurationState, faults: InputIssue[]) {
  if (tenant === undefined || Object.keys(tenant).length === 0) return undefined;
  const parsed = ownChange.safeParse(withoutUnchanged(tenant, state));
  if (Object.keys(withoutUnchanged(tenant, state)).length === 0) return undefined;
  if (!parsed.success) {
    faults.push(
      ...listIssues(parsed.error).map((fault) => ({ ...fault, path: `/document/tenant${fault.path}` })),
    );
    return undefined;
  }
  const before = tenantContent(state);
  const settings = { ...state.tenant.settings, ...tenant.settings };
  const change: PlannedChange = {
    section: "tenant",
    action: "update",
    name: state.tenant.slug,
    before,
    after: { ...before, ...tenant, settings },
  };
  return { change, values: parsed.data };
}

function withoutUnchanged(
  tenant: NonNullable<Document["tenant"]>,
  { tenant: known }: ConfigurationState,
): CrudRow {
  const { settings = {}, ...rest } = tenant;
  const differs = (one: unknown, other: unknown) =>
    canonicalJson(one ?? null) !== canonicalJson(other ?? null);
  const changed = Object.entries(settings).filter(([name, value]) => differs(value, known.settings[name]));
  return {
    ...(rest.name !== undefined && rest.name !== known.name && { name: rest.name }),
    ...(rest.timeZone !== undefined && rest.timeZone !== known.timeZone && { timeZone: rest.timeZone }),
    ...(changed.length > 0 && { settings: Object.fromEntries(changed) }),
  };
}
