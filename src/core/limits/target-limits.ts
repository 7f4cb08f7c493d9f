/**
 * Limits of calls to a server or a tool: of all callers together (subjects `server` and `tool`), or of one caller (any
 * other subject, with a server in its row). There are no defaults, so a tenant without such rows pays nothing for them.
 */
import type { Limit } from "./algorithms/limit.ts";
import {
  createLimit,
  type LimitConfig,
  type LimitedPrincipal,
  type LimitSubject,
  listLimitedSubjects,
} from "./resolve-limits.ts";

export interface LimitTarget {
  readonly serverId: string;
  /** The server's own name of the tool; undefined for every other method. */
  readonly tool: string | undefined;
}

/** Empty for a tenant that limits no server and no tool. */
export type TargetLimits = readonly LimitConfig[];

export const isTargetSubject = (subject: LimitSubject) => subject === "server" || subject === "tool";

const isTargetConfig = ({ subjectType, serverId }: LimitConfig): boolean =>
  isTargetSubject(subjectType) || serverId !== null;

export function compileTargetLimits(configs: readonly LimitConfig[]): TargetLimits {
  return configs.filter(isTargetConfig).toSorted((one, other) => precedence(other) - precedence(one));
}

/** Rows of the tenant come before those of the system, and a row about more before one about less. */
function precedence({ tenantId, subjectId, serverId, toolName }: LimitConfig): number {
  const isNamed = [toolName, serverId, subjectId, tenantId].map((value) => (value === null ? 0 : 1));
  return isNamed.reduce<number>((sum, named, place) => sum + named * 2 ** place, 0);
}

/** Whether calls to the target could have limits, depending on the caller. */
export function hasTargetLimits(limits: TargetLimits, target: LimitTarget): boolean {
  return limits.some((config) => appliesTo(config, target));
}

export function resolveTargetLimits(
  limits: TargetLimits,
  principal: LimitedPrincipal,
  target: LimitTarget,
): readonly Limit[] {
  const found = new Map<string, Limit>();
  for (const config of limits) {
    if (!appliesTo(config, target)) continue;
    for (const limit of createTargetLimits(config, principal, target)) {
      // The first row about a key is the one that applies.
      if (!found.has(limit.key)) found.set(limit.key, limit);
    }
  }
  return [...found.values()];
}

export function appliesTo({ subjectType, serverId, toolName }: LimitConfig, target: LimitTarget): boolean {
  if (serverId !== null && serverId !== target.serverId) return false;
  if (subjectType === "tool" && target.tool === undefined) return false;
  return toolName === null || toolName === target.tool;
}

function createTargetLimits(
  config: LimitConfig,
  principal: LimitedPrincipal,
  { serverId, tool }: LimitTarget,
): readonly Limit[] {
  const { subjectType, subjectId, toolName } = config;
  if (subjectType === "server") return [createLimit("server", serverId, config)];
  if (subjectType === "tool") return [createLimit("tool", `${serverId}/${tool ?? ""}`, config)];
  const isAbout = (caller: string) =>
    subjectId === null || subjectId === (subjectType === "role" ? principal.role : caller);
  return listLimitedSubjects(subjectType, principal)
    .filter(isAbout)
    .map((caller) => {
      const limit = createLimit(subjectType, `${caller}@${serverId}/${toolName ?? ""}`, config);
      return { ...limit, name: limit.name.replace("-", toolName === null ? "-server-" : "-tool-") };
    });
}
