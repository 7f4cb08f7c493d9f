/** Limits of servers and tools as a page shows their usage: what a key stands for, and its maximum. */
import type { LimitConfig, LimitSubject } from "./resolve-limits.ts";
import { appliesTo, isTargetSubject, type TargetLimits } from "./target-limits.ts";

/** What is limited, in a subject of `parseLimitKey`; undefined where it is no target. */
export function parseTarget(
  kind: LimitSubject,
  subject: string,
): { readonly caller: string; readonly serverId: string; readonly tool: string | null } | undefined {
  const [, caller = "", serverId = "", tool = ""] =
    /^(?:(.*)@)?([0-9a-f-]{36})(?:\/(.*))?$/.exec(subject) ?? [];
  const isTarget = serverId !== "" && (isTargetSubject(kind) || subject.includes("@"));
  return isTarget ? { caller, serverId, tool: tool === "" ? null : tool } : undefined;
}

/** The maximum of a target's limit per window; undefined if its row was deleted. */
export function maxForTarget(
  limits: TargetLimits,
  { kind, subject, windowSeconds }: { kind: LimitSubject; subject: string; windowSeconds: number },
): number | undefined {
  const target = parseTarget(kind, subject);
  if (target === undefined) return undefined;
  const tool = target.tool ?? undefined;
  const row = limits.find(
    (config) =>
      config.subjectType === kind &&
      config.windowSeconds === windowSeconds &&
      appliesTo(config, { serverId: target.serverId, tool }) &&
      (isTargetSubject(kind) || isRowOf(config, target)),
  );
  return row && Math.floor(row.limitCount * row.burstFactor);
}

function isRowOf(
  { subjectType, subjectId, toolName }: LimitConfig,
  { caller, tool }: { caller: string; tool: string | null },
): boolean {
  if (toolName !== tool) return false;
  if (subjectId === null) return true;
  return subjectType === "role" ? caller.startsWith(`${subjectId}:`) : subjectId === caller;
}
