/** The dimensions of traffic sums. The migration of the rollups writes these values. */

/** `call`: an MCP request that was sent to a server. The others are HTTP requests by entry point. */
export const TRAFFIC_KINDS = ["call", "mcp", "rest", "page"] as const;
export type TrafficKind = (typeof TRAFFIC_KINDS)[number];

export const DIMENSIONS = ["all", "server", "tool", "method", "user", "key", "client", "error"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const GRAINS = ["minute", "hour", "day"] as const;
export type Grain = (typeof GRAINS)[number];

export const GRAIN_MS: Readonly<Record<Grain, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A tool's name is ambiguous without its server's id. */
export interface ToolMember {
  readonly serverId: string;
  readonly tool: string;
}

export function parseToolMember(member: string): ToolMember {
  const slash = member.indexOf("/");
  return { serverId: member.slice(0, slash), tool: member.slice(slash + 1) };
}
