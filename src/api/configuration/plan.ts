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
import type { PlanStep } from "./plan-step.ts";
import { type ConfigurationNames, listIssues, type Secrets, type Section } from "./section.ts";
import { SECTIONS } from "./sections.ts";
import { findAddressFault } from "./servers.ts";
import {
  type AssignedIds,
  type ConfigurationState,
  collectNames,
  type ExistingRow,
  listExisting,
  loadState,
  tenantContent,
} from "./state.ts";
import { findUsedItems } from "./used-items.ts";

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
  const names = collectNames(state, assignIds(document, state));
  const steps: PlanStep[] = [];
  for (const section of SECTIONS) {
    const items = listItems(document, section);
    if (items === undefined) continue;
    const wanted = await listDesired(c, section, items, names, faults);
    steps.push(...(await listSteps(c, section, wanted, state, names, secrets, faults)));
  }
  rejectBeyondPlan(document, state, faults);
  // An unreadable item would be indistinguishable from one that was left out.
  if (faults.length === 0) faults.push(...findUsedItems(state.rows, steps));
  const tenant = tenantStep(document, state, faults);
  if (faults.length > 0) throw new InvalidInputError(faults.slice(0, 100));
  const changes = [...(tenant === undefined ? [] : [tenant.change]), ...steps.map(({ change }) => change)];
  return { hash: await sha256Hex(canonicalJson(changes)), changes, steps, tenant: tenant?.values };
}

function listItems(document: Document, section: Section): readonly CrudRow[] | undefined {
  const items: unknown = Object.entries(document).find(([name]) => name === section.name)?.[1];
  return Array.isArray(items) ? items : undefined;
}

/** What is new gets its ID now, so that rules can refer to it. */
function assignIds(document: Document, state: ConfigurationState): AssignedIds {
  const wanted = (name: string) => {
    const section = SECTIONS.find((each) => each.name === name);
    return section && listItems(document, section);
  };
  const assign = (items: readonly CrudRow[], known: ReadonlyMap<string, string>, key = "name") =>
    items.map((item): [string, string] => {
      const name = String(item[key]);
      return [name, known.get(name) ?? uuidv7()];
    });
  const rows = (name: string) => state.rows.get(name) ?? [];
  const [servers, groups, toolsets] = [wanted("servers"), wanted("groups"), wanted("toolsets")];
  const ofServers = new Map(rows("servers").map(({ id, name }) => [String(name), String(id)]));
  const ofGroups = new Map(state.groups.map(({ id, name }) => [name, id]));
  const ofToolsets = new Map(rows("toolsets").map(({ id, slug }) => [String(slug), String(id)]));
  const manual = new Set(rows("groups").map(({ id }) => id));
  const provisioned = state.groups.filter(({ id }) => !manual.has(id));
  return {
    servers: servers && new Map(assign(servers, ofServers)),
    toolsets: toolsets && new Map(assign(toolsets, ofToolsets, "slug")),
    groups:
      groups &&
      new Map([
        ...provisioned.map(({ id, name }): [string, string] => [name, id]),
        ...assign(groups, ofGroups),
      ]),
  };
}

async function listDesired(
  c: ApiContext,
  section: Section,
  items: readonly CrudRow[],
  names: ConfigurationNames,
  faults: InputIssue[],
): Promise<DesiredRow[]> {
  const { db, principal } = c.var;
  const wanted: DesiredRow[] = [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const path = `/document/${section.name}/${index}`;
    const targets = Array.isArray(item.targetServers) ? item.targetServers : [];
    const coming = new Set(targets.map((name) => names.servers.idOf(String(name)) ?? String(name)));
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
  names: ConfigurationNames,
  secrets: Secrets,
  faults: InputIssue[],
): Promise<PlanStep[]> {
  const { made, removed, kept } = matchItems(wanted, await listExisting(c, section, state, names));
  const step = async (how: "create" | "update", item: DesiredRow, old?: ExistingRow): Promise<PlanStep[]> => {
    const id = old?.id ?? findAssignedId(section, names, item.values) ?? uuidv7();
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

/** The ID that a new item was assigned. */
function findAssignedId({ name: section }: Section, names: ConfigurationNames, values: CrudRow) {
  if (section === "toolsets") return names.toolsets.idOf(String(values.slug));
  const lookup = section === "servers" ? names.servers : section === "groups" ? names.groups : undefined;
  return lookup?.idOf(String(values.name));
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
