/**
 * Saves the inventory of a server, whether a call, the schedule or a user caused its discovery. This is the only place
 * that pins the definition of a new tool and detects that a definition differs from its pin.
 */

import { compareWithPins, type ToolVerdict, toolChangePolicy } from "../core/discovery/tool-drift.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { isSameJson } from "../core/mcp/lossless-json.ts";
import { MAX_WRITE_LENGTH } from "../core/size-limits.ts";
import type { Database } from "../db/client.ts";
import { recordSecurityEvents } from "../db/queries/logs/security.ts";
import * as queries from "../db/queries/servers/inventory.ts";
import {
  findInventory,
  listPrompts,
  listResources,
  listToolNames,
  loadPins,
  savePins,
} from "../db/queries/servers/pins.ts";
import type { FetchedInventory } from "../upstream/fetch-inventory.ts";
import {
  listDiscoveredTools,
  listStorableItems,
  storedDefinition,
  toPromptRow,
  toResourceRow,
  toToolRow,
} from "./inventory-rows.ts";
import type { ServerRef } from "./security-findings.ts";
import { findingEvents, type ScannedItem, toolChangeEvents } from "./security-findings.ts";

export interface InventoryDeps {
  readonly database: Database;
  /** After something changed that the gateway decides by. */
  readonly raiseEpoch: (tenantId: string) => Promise<void>;
  readonly now: () => number;
}

export interface SavedInventory extends Pick<ToolVerdict, "changed" | "restored" | "withheld"> {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly findings: number;
}

/** Returns undefined if the server no longer exists. */
export async function saveInventory(
  { database, raiseEpoch, now }: InventoryDeps,
  of: ServerRef,
  fetched: FetchedInventory,
): Promise<SavedInventory | undefined> {
  const db = database.withTenant(of.tenantId);
  const [[before], pins, tools, prompts, resources] = await db.batch([
    findInventory(db, of),
    loadPins(db, of),
    listToolNames(db, of),
    listPrompts(db, of),
    listResources(db, of),
  ]);
  if (before === undefined) return undefined;
  const discovered = await listDiscoveredTools(fetched);
  const result = compareWithPins(pins, discovered, toolChangePolicy(before.settings));
  const at = new Date(now());
  const lists = toInventoryRows(fetched, result, pins, discovered);
  const scanned: ScannedItem[] = [
    ...listNew(
      discovered.map(({ name, definition }) => [name, definition]),
      countKnownTools(pins, result),
      "tool",
    ),
    ...listNew(lists.prompts, indexByKey(prompts), "prompt"),
    ...listNew(
      lists.resources.map(({ uri, item }) => [uri, item]),
      indexByKey(resources),
      "resource",
    ),
    ...(fetched.instructions === undefined || fetched.instructions === before.instructions
      ? []
      : [{ kind: "instructions" as const, name: before.name, definition: { text: fetched.instructions } }]),
  ];
  const suspicions = findingEvents(of, scanned);
  const events = [...(await toolChangeEvents(of, before.name, result, pins)), ...suspicions];
  // What is judged comes first: whatever happens to the rest, a change has been seen.
  const judged = [
    ...chunks(result.pins).map((rows) =>
      savePins(
        db,
        of,
        rows.map((pin) => toPinRow(pin, at)),
      ),
    ),
    ...chunks(events).map((rows) => recordSecurityEvents(db, rows)),
  ];
  const inventory = [
    queries.saveServerInventory(db, of, {
      capabilities: { ...fetched.capabilities },
      instructions: fetched.instructions ?? null,
      protocolVersion: fetched.revision,
      discoveredAt: at,
      discoveryError: null,
    }),
    queries.deleteOtherTools(
      db,
      of,
      discovered.map(({ name }) => name),
    ),
    queries.deleteOtherPrompts(
      db,
      of,
      lists.prompts.map(([name]) => name),
    ),
    queries.deleteOtherResources(
      db,
      of,
      lists.resources.map(({ uri }) => uri),
    ),
    ...chunks(lists.tools).map((rows) => queries.saveTools(db, of, rows)),
    ...chunks(lists.prompts.map(([, item]) => toPromptRow(item))).map((rows) =>
      queries.savePrompts(db, of, rows),
    ),
    ...chunks(
      lists.resources.map(({ method, uri, item }) => toResourceRow(method, uri, item, fetched.capabilities)),
    ).map((rows) => queries.saveResources(db, of, rows)),
  ];
  await writeAll(db, [...judged, ...inventory]);
  const names = new Set(discovered.map(({ name }) => name));
  const removed = tools.map(({ name }) => name).filter((name) => !names.has(name));
  const isNews = result.pins.length > 0 || removed.length > 0 || before.protocolVersion !== fetched.revision;
  if (isNews) await raiseEpoch(of.tenantId);
  const { changed, restored, withheld } = result;
  return {
    added: result.added.map(({ name }) => name),
    removed,
    changed,
    restored,
    withheld,
    findings: suspicions.length,
  };
}

/** All at once where one request to the database takes it; otherwise one after the other, in their order. */
const STATEMENTS_PER_BATCH = 12;

async function writeAll(db: TenantDb, statements: readonly Statement[]): Promise<void> {
  const [first, ...rest] = statements;
  if (first === undefined) return;
  if (statements.length <= STATEMENTS_PER_BATCH) {
    await db.batch([first, ...rest]);
    return;
  }
  for (const statement of statements) await db.batch([statement]);
}

type TenantDb = ReturnType<Database["withTenant"]>;
type Statement = Parameters<TenantDb["batch"]>[0][number];

type Pins = Awaited<ReturnType<typeof loadPins>>;

/** A held tool keeps its approved definition in the tables. */
function toInventoryRows(
  offering: FetchedInventory,
  { withheld }: ToolVerdict,
  pins: Pins,
  offered: Awaited<ReturnType<typeof listDiscoveredTools>>,
) {
  const approved = new Map(pins.map((pin) => [pin.name, pin]));
  const resources = (["resources/list", "resources/templates/list"] as const).flatMap((method) =>
    Array.from(listStorableItems(offering, method), ([uri, item]) => ({ method, uri, item })),
  );
  return {
    tools: offered.map((tool) => toToolRow((withheld.has(tool.name) && approved.get(tool.name)) || tool)),
    prompts: [...listStorableItems(offering, "prompts/list")],
    // A server may list one address both as it is and as a template.
    resources: [...new Map(resources.map((resource) => [resource.uri, resource])).values()],
  };
}

const toPinRow = ({ definition, pendingDefinition, ...pin }: ToolVerdict["pins"][number], at: Date) => ({
  ...pin,
  definition: { ...definition },
  pendingDefinition: pendingDefinition === null ? null : { ...pendingDefinition },
  changedAt: pin.revision > 0 ? at : null,
});

type Definitions = ReadonlyMap<string, JsonObject | null>;

const indexByKey = (rows: readonly { key: string; definition: JsonObject | null }[]): Definitions =>
  new Map(rows.map(({ key, definition }) => [key, definition]));

/** What was scanned already: tools without a finding in the verdict. */
function countKnownTools(pins: Pins, verdict: ToolVerdict): Definitions {
  const isNew = new Set(verdict.pins.map(({ name }) => name));
  return new Map(
    pins
      .filter(({ name }) => !isNew.has(name))
      .map((pin) => [pin.name, pin.pendingDefinition ?? pin.definition]),
  );
}

function listNew(
  items: readonly (readonly [name: string, definition: JsonObject])[],
  known: Definitions,
  kind: ScannedItem["kind"],
): ScannedItem[] {
  return items
    .map(([name, definition]) => ({ kind, name, definition: storedDefinition(definition) }))
    .filter(({ name, definition }) => !isSameJson(known.get(name) ?? undefined, definition));
}

/** A statement takes 65,535 parameters. */
const ROWS_PER_STATEMENT = 1000;

/** Of at most so many rows, and so much text. */
function chunks<T>(rows: readonly T[]): T[][] {
  const all: T[][] = [];
  let chunk: T[] = [];
  let length = 0;
  for (const row of rows) {
    const own = JSON.stringify(row)?.length ?? 0;
    if (chunk.length >= ROWS_PER_STATEMENT || (chunk.length > 0 && length + own > MAX_WRITE_LENGTH)) {
      all.push(chunk);
      chunk = [];
      length = 0;
    }
    chunk.push(row);
    length += own;
  }
  return chunk.length === 0 ? all : [...all, chunk];
}
