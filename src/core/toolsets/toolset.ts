/** The parts of a toolset: which items of the catalog it contains, and how each of them differs for its clients. */
export const TOOLSET_KINDS = ["tool", "prompt", "resource"] as const;
export type ToolsetKind = (typeof TOOLSET_KINDS)[number];

/** The hints of a tool that a member can require and an override can replace. */
export const TOOL_HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const;
export type ToolHint = (typeof TOOL_HINTS)[number];
export type ToolHints = { readonly [Hint in ToolHint]?: boolean | undefined };

/** Selects items. All conditions that are present must match. */
export interface ToolsetMember {
  readonly kind: ToolsetKind;
  /** Removes the items that match from what other members select. */
  readonly isExcluded?: boolean | undefined;
  /** Absent: on any server. */
  readonly serverId?: string | undefined;
  /** Over the name that the server uses, or the URI of a resource. Absent: any. */
  readonly pattern?: string | undefined;
  /** The server has at least one of these tags. */
  readonly serverTags?: readonly string[] | undefined;
  readonly hints?: ToolHints | undefined;
}

/** What a toolset does with one parameter of a tool. */
export interface ParameterOverride {
  /** Sent with every call; clients neither see nor set the parameter. */
  readonly value?: unknown;
  /** Sent when the client omits the parameter, which becomes optional. */
  readonly default?: unknown;
  /** Clients neither see nor set the parameter, and it is not sent. */
  readonly isHidden?: boolean | undefined;
  readonly description?: string | undefined;
}

/** How one item differs from its definition on the server. */
export interface ItemOverride {
  readonly kind: ToolsetKind;
  readonly serverId: string;
  /** The name that the server uses, or the URI of a resource. */
  readonly name: string;
  /** The name that clients of the toolset use. */
  readonly alias?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly hints?: ToolHints | undefined;
  readonly parameters?: Readonly<Record<string, ParameterOverride>> | undefined;
}
