/**
 * The one decision about using what a tenant's servers offer. In this order, and the first that applies decides:
 *
 * 1. the action's role and scope (decide.ts);
 * 2. `config://` resources are for admins, whatever the rules;
 * 3. a deny that holds now: for the thing itself, or for its server;
 * 4. an allow that holds now, likewise;
 * 5. callers who may only read call only tools that are declared read-only (readOnlyHint);
 * 6. the tenant's default: everything that is not denied, or nothing that is not allowed (`accessDefault`).
 *
 * So a further deny never allows more, a further allow never denies more, and the order of rules means nothing. Allows
 * matter where the default is "deny" and for callers who may only read.
 */

import type { Role } from "../enums.ts";
import type { AccessPrincipal } from "./access-principal.ts";
import type { Permission } from "./permissions.ts";
import { evaluatePermission, type PermissionDecision } from "./rbac.ts";
import type { ActiveRuleSet, CompiledRule } from "./rules.ts";
import { isConfiguration, type UriVariants, uriVariants } from "./uri-variants.ts";
export type TargetKind = "server" | "tool" | "prompt" | "resource";

export interface AccessTarget {
  readonly kind: TargetKind;
  readonly serverId: string;
  /** Of the server, whatever the kind: rules on servers go by it. */
  readonly serverName: string;
  /** The server's own name for the thing: a tool's or a prompt's name, a resource's URI or template. */
  readonly name: string;
  /** The tool's own word that it changes nothing. */
  readonly readOnly?: boolean | undefined;
}

export type AccessReason =
  | Exclude<PermissionDecision, { allowed: true }>["missing"]
  | "configuration"
  | "readonly"
  | "default"
  | { readonly rule: CompiledRule };

export interface AccessDecision {
  readonly allowed: boolean;
  readonly reason: AccessReason;
}

export function authorize(
  principal: AccessPrincipal,
  action: Permission,
  target: AccessTarget,
  rules: ActiveRuleSet,
): AccessDecision {
  const may = evaluatePermission(principal, action);
  if (!may.allowed) return { allowed: false, reason: may.missing };
  return authorizeTarget(principal.role, target, rules);
}

/** Applies steps 2 to 6. The caller has checked the permission (step 1) before. */
export function authorizeTarget(role: Role, target: AccessTarget, rules: ActiveRuleSet): AccessDecision {
  const readings = listReadings(target);
  if (target.kind === "resource" && role !== "admin" && isConfiguration(readings)) {
    return { allowed: false, reason: "configuration" };
  }
  const denied = rules.denies.find((rule) => appliesTo(rule, target, readings));
  if (denied !== undefined) return { allowed: false, reason: { rule: denied } };
  const allowed = rules.allows.find((rule) => appliesTo(rule, target, readings));
  if (allowed !== undefined) return { allowed: true, reason: { rule: allowed } };
  if (role === "readonly" && target.kind === "tool" && target.readOnly !== true) {
    return { allowed: false, reason: "readonly" };
  }
  return { allowed: rules.accessDefault === "allow", reason: "default" };
}

const listReadings = ({ kind, name }: AccessTarget): UriVariants =>
  kind === "resource" ? uriVariants(name) : { any: [name], each: [name] };

/** True if a rule covers the target, whatever its subject and its schedule. */
export const isRuleOnTarget = (rule: CompiledRule, target: AccessTarget): boolean =>
  appliesTo(rule, target, listReadings(target));

/**
 * A deny applies if one variant of a URI matches, an allow only if all of them match, so an ambiguous URI never grants
 * access.
 */
function appliesTo(rule: CompiledRule, target: AccessTarget, variants: UriVariants): boolean {
  // Decided when an endpoint is entered (toolset-rules.ts).
  if (rule.objectType === "toolset") return false;
  if (rule.serverId !== null && rule.serverId !== target.serverId) return false;
  if (rule.objectType === "server") return rule.matches(target.serverName);
  if (rule.objectType === target.kind) {
    return rule.effect === "deny" ? variants.any.some(rule.matches) : variants.each.every(rule.matches);
  }
  // A principal that can use anything of a server can reach its endpoint; its other items stay hidden.
  return target.kind === "server" && rule.effect === "allow";
}
