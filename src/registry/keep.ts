/**
 * Keeps what a server says of itself, whoever asked it: the gateway on its way, the schedule, a person. Here alone is
 * a tool approved by being seen first, and here alone is it noticed that one is no longer what was approved.
 */

import { compareWithPins, type ToolVerdict, toolChangePolicy } from "../core/discovery/tool-drift.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { isSameJson } from "../core/mcp/lossless-json.ts";
import { MAX_WRITE_LENGTH } from "../core/size-limits.ts";
import type { Database } from "../db/client.ts";
import * as queries from "../db/queries/offers.ts";
import { heardBefore, keepPins, pinsOf, promptsOf, resourcesOf, toolNamesOf } from "../db/queries/pins.ts";
import { recordSecurityEvents } from "../db/queries/security.ts";
import type { Offering } from "../upstream/ask.ts";
import { driftEvents, type Scanned, suspicionEvents } from "./findings.ts";
import { keptItems, offeredTools, promptRow, resourceRow, storedDefinition, toolRow } from "./rows.ts";

export interface KeepParts {
  readonly database: Database;
  /** After something changed that the gateway decides by. */
  readonly raiseEpoch: (tenantId: string) => Promise<void>;
  readonly now: () => number;
}

export interface ServerOf {
  readonly tenantId: string;
  readonly serverId: string;
}

export interface Kept extends Pick<ToolVerdict, "changed" | "restored" | "withheld"> {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly findings: number;
}

/** Undefined where there is no such server any more. */
export async function keepOffering(
  { database, raiseEpoch, now }: KeepParts,
  of: ServerOf,
  offering: Offering,
): Promise<Kept | undefined> {
  const db = database.withTenant(of.tenantId);
  const [[before], pins, tools, prompts, resources] = await db.batch([
    heardBefore(db, of),
    pinsOf(db, of),
    toolNamesOf(db, of),
    promptsOf(db, of),
    resourcesOf(db, of),
  ]);
  if (before === undefined) return undefined;
  const offered = await offeredTools(offering);
  const verdict = compareWithPins(pins, offered, toolChangePolicy(before.settings));
  const at = new Date(now());
  const lists = listed(offering, verdict, pins, offered);
  const scanned: Scanned[] = [
    ...news(
      offered.map(({ name, definition }) => [name, definition]),
      toolsKnown(pins, verdict),
      "tool",
    ),
    ...news(lists.prompts, stored(prompts), "prompt"),
    ...news(
      lists.resources.map(({ uri, item }) => [uri, item]),
      stored(resources),
      "resource",
    ),
    ...(offering.instructions === undefined || offering.instructions === before.instructions
      ? []
      : [{ kind: "instructions" as const, name: before.name, definition: { text: offering.instructions } }]),
  ];
  const suspicions = suspicionEvents(of, scanned);
  const events = [...(await driftEvents(of, before.name, verdict, pins)), ...suspicions];
  // What is judged comes first: whatever happens to the rest, a change has been seen.
  const judged = [
    ...chunks(verdict.pins).map((rows) =>
      keepPins(
        db,
        of,
        rows.map((pin) => pinRow(pin, at)),
      ),
    ),
    ...chunks(events).map((rows) => recordSecurityEvents(db, rows)),
  ];
  const inventory = [
    queries.keepHeardServer(db, of, {
      capabilities: { ...offering.capabilities },
      instructions: offering.instructions ?? null,
      protocolVersion: offering.revision,
      discoveredAt: at,
      discoveryError: null,
    }),
    queries.dropOtherTools(
      db,
      of,
      offered.map(({ name }) => name),
    ),
    queries.dropOtherPrompts(
      db,
      of,
      lists.prompts.map(([name]) => name),
    ),
    queries.dropOtherResources(
      db,
      of,
      lists.resources.map(({ uri }) => uri),
    ),
    ...chunks(lists.tools).map((rows) => queries.keepTools(db, of, rows)),
    ...chunks(lists.prompts.map(([, item]) => promptRow(item))).map((rows) =>
      queries.keepPrompts(db, of, rows),
    ),
    ...chunks(lists.resources.map(({ method, uri, item }) => resourceRow(method, uri, item))).map((rows) =>
      queries.keepResources(db, of, rows),
    ),
  ];
  await writeAll(db, [...judged, ...inventory]);
  const names = new Set(offered.map(({ name }) => name));
  const removed = tools.map(({ name }) => name).filter((name) => !names.has(name));
  const isNews =
    verdict.pins.length > 0 || removed.length > 0 || before.protocolVersion !== offering.revision;
  if (isNews) await raiseEpoch(of.tenantId);
  const { changed, restored, withheld } = verdict;
  return {
    added: verdict.added.map(({ name }) => name),
    removed,
    changed,
    restored,
    withheld,
    findings: suspicions.length,
  };
}

/** All at once where one request to the database takes it; otherwise one after the other, in their order. */
const STATEMENTS_AT_ONCE = 12;

async function writeAll(db: TenantDb, statements: readonly Statement[]): Promise<void> {
  const [first, ...rest] = statements;
  if (first === undefined) return;
  if (statements.length <= STATEMENTS_AT_ONCE) {
    await db.batch([first, ...rest]);
    return;
  }
  for (const statement of statements) await db.batch([statement]);
}

type TenantDb = ReturnType<Database["withTenant"]>;
type Statement = Parameters<TenantDb["batch"]>[0][number];

type Pins = Awaited<ReturnType<typeof pinsOf>>;

/** Of what is withheld, the catalogue goes on holding what was approved. */
function listed(
  offering: Offering,
  { withheld }: ToolVerdict,
  pins: Pins,
  offered: Awaited<ReturnType<typeof offeredTools>>,
) {
  const approved = new Map(pins.map((pin) => [pin.name, pin]));
  const resources = (["resources/list", "resources/templates/list"] as const).flatMap((method) =>
    Array.from(keptItems(offering, method), ([uri, item]) => ({ method, uri, item })),
  );
  return {
    tools: offered.map((tool) => toolRow((withheld.has(tool.name) && approved.get(tool.name)) || tool)),
    prompts: [...keptItems(offering, "prompts/list")],
    // A server may list one address both as it is and as a template.
    resources: [...new Map(resources.map((resource) => [resource.uri, resource])).values()],
  };
}

const pinRow = ({ definition, pendingDefinition, ...pin }: ToolVerdict["pins"][number], at: Date) => ({
  ...pin,
  definition: { ...definition },
  pendingDefinition: pendingDefinition === null ? null : { ...pendingDefinition },
  changedAt: pin.revision > 0 ? at : null,
});

type Definitions = ReadonlyMap<string, JsonObject | null>;

const stored = (rows: readonly { key: string; definition: JsonObject | null }[]): Definitions =>
  new Map(rows.map(({ key, definition }) => [key, definition]));

/** What was looked through already: tools that the verdict has nothing to say of, as far as it goes. */
function toolsKnown(pins: Pins, verdict: ToolVerdict): Definitions {
  const isNew = new Set(verdict.pins.map(({ name }) => name));
  return new Map(
    pins
      .filter(({ name }) => !isNew.has(name))
      .map((pin) => [pin.name, pin.pendingDefinition ?? pin.definition]),
  );
}

function news(
  items: readonly (readonly [name: string, definition: JsonObject])[],
  known: Definitions,
  kind: Scanned["kind"],
): Scanned[] {
  return items
    .map(([name, definition]) => ({ kind, name, definition: storedDefinition(definition) }))
    .filter(({ name, definition }) => !isSameJson(known.get(name) ?? undefined, definition));
}

/** A statement takes 65,535 parameters. */
const ROWS_AT_ONCE = 1000;

/** Of at most so many rows, and so much text. */
function chunks<T>(rows: readonly T[]): T[][] {
  const all: T[][] = [];
  let chunk: T[] = [];
  let length = 0;
  for (const row of rows) {
    const own = JSON.stringify(row)?.length ?? 0;
    if (chunk.length >= ROWS_AT_ONCE || (chunk.length > 0 && length + own > MAX_WRITE_LENGTH)) {
      all.push(chunk);
      chunk = [];
      length = 0;
    }
    chunk.push(row);
    length += own;
  }
  return chunk.length === 0 ? all : [...all, chunk];
}
