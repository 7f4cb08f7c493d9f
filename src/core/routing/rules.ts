/**
 * Which of a tenant's routing rules a request falls under: the first by priority whose conditions all hold. Compiled
 * once for a snapshot.
 */
import { compilePattern, type Matcher } from "../access/patterns.ts";
import type { BalancingStrategy } from "../vocabulary.ts";
import { fractionOf } from "./hash.ts";

/** A condition that is not there holds; of several values one must match. Values are patterns, as in access controls. */
export interface RuleConditions {
  readonly tools?: readonly string[] | undefined;
  readonly methods?: readonly string[] | undefined;
  /** Of the servers that could serve the request: the rule is for those requests of which one is so tagged. */
  readonly tags?: readonly string[] | undefined;
  /** The client's name, as it introduces itself. */
  readonly clients?: readonly string[] | undefined;
  /** By name; all of them must match. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ids or slugs, for rules that several tenants share. */
  readonly tenants?: readonly string[] | undefined;
  /** Of all sessions, or of all callers where there are none; the same ones every time. */
  readonly percentage?: number | undefined;
}

export interface RoutingRule {
  readonly id: string;
  readonly name: string;
  readonly conditions: RuleConditions;
  readonly targetServers: readonly string[];
  readonly strategy: BalancingStrategy;
  readonly options: StrategyOptions;
  /** Lower comes first. */
  readonly priority: number;
}

export interface StrategyOptions {
  /** For consistent_hash: what must stay together. */
  readonly hashOn?: "session" | "user" | "argument" | undefined;
  /** The argument's name. */
  readonly argument?: string | undefined;
  readonly sticky?: boolean | undefined;
}

export interface RoutedRequest {
  readonly method: string;
  /** The tool's own name, where one is called. */
  readonly tool?: string | undefined;
  readonly tags: ReadonlySet<string>;
  readonly client?: string | undefined;
  readonly header: (name: string) => string | null;
  readonly tenant: { readonly id: string; readonly slug: string };
  /** Session, or user, or key: what percentages are taken of. */
  readonly stableId: string;
}

export interface CompiledRule extends RoutingRule {
  readonly holds: (request: RoutedRequest) => boolean;
}

export function compileRouting(rules: readonly RoutingRule[]): readonly CompiledRule[] {
  return rules
    .map((rule) => ({ ...rule, holds: holdsFor(rule) }))
    .sort((one, other) => one.priority - other.priority || (one.name < other.name ? -1 : 1));
}

export function ruleFor(rules: readonly CompiledRule[], request: RoutedRequest): CompiledRule | undefined {
  return rules.find((rule) => rule.holds(request));
}

function holdsFor({ id, conditions }: RoutingRule): CompiledRule["holds"] {
  const { tools, methods, tags, clients, headers, tenants, percentage } = conditions;
  const tool = anyOf(tools);
  const method = anyOf(methods);
  const tag = anyOf(tags);
  const client = anyOf(clients);
  const tenant = anyOf(tenants);
  const header = Object.entries(headers ?? {}).map(([name, value]) => [name, matcher(value)] as const);
  return (request) =>
    (tool === undefined || (request.tool !== undefined && tool(request.tool))) &&
    (method === undefined || method(request.method)) &&
    (tag === undefined || [...request.tags].some(tag)) &&
    (client === undefined || (request.client !== undefined && client(request.client))) &&
    (tenant === undefined || tenant(request.tenant.id) || tenant(request.tenant.slug)) &&
    header.every(([name, matches]) => {
      const value = request.header(name);
      return value !== null && matches(value);
    }) &&
    // The rule is in the hash, or all rules of ten percent would speak of the same tenth.
    (percentage === undefined || fractionOf(`${id} ${request.stableId}`) * 100 < percentage);
}

function anyOf(patterns: readonly string[] | undefined): Matcher | undefined {
  if (patterns === undefined || patterns.length === 0) return undefined;
  const matchers = patterns.map(matcher);
  return (text) => matchers.some((matches) => matches(text));
}

/** What is no pattern matches nothing: the rule then steers nothing, which does the least harm. */
const matcher = (pattern: string): Matcher => compilePattern(pattern) ?? (() => false);
