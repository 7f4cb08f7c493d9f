/** Security events of discovery: changed tools, and suspicious text in definitions. */

import { type ScanFinding, scanDefinition } from "../core/discovery/definition-scan.ts";
import type { Pin, ToolChange, ToolVerdict } from "../core/discovery/tool-drift.ts";
import { uuidFromName, uuidv7 } from "../core/ids.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import type { SecurityEvent } from "../db/queries/logs/security.ts";

export interface ScannedItem {
  readonly kind: "tool" | "prompt" | "resource" | "instructions";
  readonly name: string;
  readonly definition: JsonObject;
}

export type IdentifiedEvent = SecurityEvent & { readonly id: string };

const EVENT_OUTCOMES: Record<ToolChange["decision"], string> = {
  allowed: "The change was allowed.",
  held: "Hidden until approved.",
  blocked: "Blocked.",
  disabled: "The tool is disabled.",
};

/** The id follows from the change itself, so that one seen by several isolates is written down once. */
export async function toolChangeEvents(
  of: ServerRef,
  server: string,
  { changed, restored }: ToolVerdict,
  pins: readonly Pin[],
): Promise<IdentifiedEvent[]> {
  const revisionOf = new Map(pins.map(({ name, revision }) => [name, revision + 1]));
  return Promise.all([
    ...changed.map(async ({ name, decision, differences, revision }) => ({
      ...of,
      id: await uuidFromName(`tool.changed ${of.serverId} ${name} ${revision}`),
      type: "tool.changed" as const,
      description: `Definition of tool ${shorten(name)} on server ${server} changed. ${EVENT_OUTCOMES[decision]}`,
      details: { tool: name, decision, differences, revision },
    })),
    ...restored.map(async (name) => ({
      ...of,
      id: await uuidFromName(`tool.restored ${of.serverId} ${name} ${revisionOf.get(name) ?? 0}`),
      type: "tool.restored" as const,
      description: `Tool ${shorten(name)} of server ${server} matches its approved definition again and is visible.`,
      details: { tool: name },
    })),
  ]);
}

const SEVERE = new Set<ScanFinding["severity"]>(["high", "critical"]);
/** A server full of traps need not fill the record with them. */
const MAX_EVENTS = 50;

export function findingEvents(of: ServerRef, scanned: readonly ScannedItem[]): IdentifiedEvent[] {
  const events: IdentifiedEvent[] = [];
  for (const { kind, name, definition } of scanned) {
    if (events.length >= MAX_EVENTS) break;
    const findings = scanDefinition(definition);
    if (findings.length === 0) continue;
    const isGrave = findings.some(({ severity }) => SEVERE.has(severity));
    const rules = [...new Set(findings.map(({ rule }) => rule))].join(", ");
    events.push({
      ...of,
      id: uuidv7(),
      type: isGrave ? "definition.suspicious" : "definition.unusual",
      description: `Suspicious text in the definition of ${kind} ${shorten(name)}: ${rules}.`,
      details: { kind, name, findings },
    });
  }
  return events;
}

const shorten = (name: string) => (name.length > 100 ? `${name.slice(0, 100)}…` : name);

export interface ServerRef {
  readonly tenantId: string;
  readonly serverId: string;
}
