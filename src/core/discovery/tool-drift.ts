/**
 * Holds what a server offers now against what was approved. A tool is approved when it is first seen; what changes
 * afterwards (a "rug pull") is let through, held or blocked, as the tenant has decided.
 */

import type { ToolState } from "../enums.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { type Difference, diffJson } from "./json-diff.ts";

export const TOOL_CHANGES = ["allow", "hold", "block"] as const;
export type ToolChangePolicy = (typeof TOOL_CHANGES)[number];

/**
 * The settings that a new tenant starts with. Tenants from before they existed keep `allow` until an admin decides:
 * an upgrade must not hide tools.
 */
export const NEW_TENANT_SETTINGS = { toolChanges: "hold" } as const satisfies {
  readonly toolChanges: ToolChangePolicy;
};

/** Parses the tenant's setting; an invalid value means the strictest policy. */
export function toolChangePolicy({ toolChanges }: Readonly<Record<string, unknown>>): ToolChangePolicy {
  return toolChanges === undefined
    ? "allow"
    : (TOOL_CHANGES.find((known) => known === toolChanges) ?? "hold");
}

export interface Pin {
  readonly name: string;
  readonly hash: string;
  readonly definition: JsonObject;
  /**
   * Null: shown and called. Held is lifted by approval or when the server takes its change back; blocked and disabled by
   * an admin only.
   */
  readonly state: ToolState | null;
  /** What is offered in place of what is approved. */
  readonly pendingHash: string | null;
  readonly pendingDefinition: JsonObject | null;
  readonly revision: number;
}

export interface DiscoveredTool {
  readonly name: string;
  readonly hash: string;
  readonly definition: JsonObject;
}

export interface ToolChange {
  readonly name: string;
  readonly decision: "allowed" | ToolState;
  readonly differences: readonly Difference[];
  readonly revision: number;
}

export interface ToolVerdict {
  /** Pins that are new or not what they were. */
  readonly pins: readonly Pin[];
  readonly added: readonly DiscoveredTool[];
  readonly changed: readonly ToolChange[];
  /** Held until now, and again what was approved. */
  readonly restored: readonly string[];
  /** Names that must be neither shown nor called. */
  readonly withheld: ReadonlySet<string>;
}

export function compareWithPins(
  known: readonly Pin[],
  discovered: readonly DiscoveredTool[],
  policy: ToolChangePolicy,
): ToolVerdict {
  const byName = new Map(known.map((pin) => [pin.name, pin]));
  const withheld = new Set(known.filter(({ state }) => state !== null).map(({ name }) => name));
  const pins: Pin[] = [];
  const added: DiscoveredTool[] = [];
  const changed: ToolChange[] = [];
  const restored: string[] = [];
  for (const tool of discovered) {
    const pin = byName.get(tool.name);
    if (pin === undefined) {
      added.push(tool);
      pins.push(createPin(tool));
      continue;
    }
    const next = updatePin(pin, tool, policy);
    if (next === pin) continue;
    pins.push(next);
    if (next.state === null) withheld.delete(tool.name);
    else withheld.add(tool.name);
    if (tool.hash !== pin.hash) changed.push(describeChange(pin, tool, next));
    else if (next.state === null) restored.push(tool.name);
  }
  return { pins, added, changed, restored, withheld };
}

const createPin = ({ name, hash, definition }: DiscoveredTool): Pin => ({
  name,
  hash,
  definition,
  state: null,
  pendingHash: null,
  pendingDefinition: null,
  revision: 0,
});

const NOTHING_PENDING = { pendingHash: null, pendingDefinition: null } as const;

/** The very same pin where nothing is new. */
function updatePin(pin: Pin, tool: DiscoveredTool, policy: ToolChangePolicy): Pin {
  const revision = pin.revision + 1;
  if (tool.hash === pin.hash) {
    if (pin.pendingHash === null) return pin;
    const state = pin.state === "held" ? null : pin.state;
    return { ...pin, ...NOTHING_PENDING, state, revision };
  }
  if (tool.hash === pin.pendingHash) return pin;
  const pending = { pendingHash: tool.hash, pendingDefinition: tool.definition, revision };
  if (pin.state !== null) return { ...pin, ...pending };
  if (policy === "allow") {
    const { hash, definition } = tool;
    return { ...pin, ...NOTHING_PENDING, hash, definition, revision };
  }
  return { ...pin, ...pending, state: policy === "hold" ? "held" : "blocked" };
}

function describeChange(pin: Pin, tool: DiscoveredTool, next: Pin): ToolChange {
  return {
    name: tool.name,
    decision: next.state ?? "allowed",
    differences: diffJson(pin.definition, tool.definition),
    revision: next.revision,
  };
}
