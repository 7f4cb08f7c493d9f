/**
 * Which of a tenant's routing rules a request falls under: the first by priority whose conditions all hold. Compiled
 * once for a snapshot.
 */
import { compilePattern, type Matcher } from "../access/patterns.ts";
import type { BalancingStrategy } from "../enums.ts";
import { hashFraction } from "./hash.ts";

/** A condition that is not there holds; of several values one must match. Values are patterns, as in access rules. */
export interface RuleConditions {
  readonly tools?: readonly string[] | undefined;
  readonly methods?: readonly string[] | undefined;
  /** Of the servers that could serve the request: the rule is for those requests of which one is so tagged. */
  readonly tags?: readonly string[] | undefined;
  /** The client's name, from its client information. */
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

export type ConditionName = keyof RuleConditions;

export interface CompiledRule extends RoutingRule {
  readonly holds: (request: RoutedRequest) => boolean;
  /** Returns the first condition that does not match, for the simulator. */
  readonly unmet: (request: RoutedRequest) => ConditionName | undefined;
}

export function compileRouting(rules: readonly RoutingRule[]): readonly CompiledRule[] {
  return rules
    .map((rule) => {
      const tests = buildTests(rule);
      const unmet: CompiledRule["unmet"] = (request) => tests.find(([, test]) => !test(request))?.[0];
      return { ...rule, unmet, holds: (request: RoutedRequest) => unmet(request) === undefined };
    })
    .sort((one, other) => one.priority - other.priority || (one.name < other.name ? -1 : 1));
}

export function matchRule(rules: readonly CompiledRule[], request: RoutedRequest): CompiledRule | undefined {
  return rules.find((rule) => rule.holds(request));
}

type Test = readonly [name: ConditionName, holds: (request: RoutedRequest) => boolean];

/** Of the conditions that are there. */
function buildTests({ id, conditions }: RoutingRule): readonly Test[] {
  const { tools, methods, tags, clients, headers = {}, tenants, percentage } = conditions;
  const of = (
    name: ConditionName,
    patterns: readonly string[] | undefined,
    holds: (request: RoutedRequest, matches: Matcher) => boolean,
  ): readonly Test[] => {
    const matches = matchAny(patterns);
    return matches === undefined ? [] : [[name, (request) => holds(request, matches)]];
  };
  const header = Object.entries(headers).map(([name, value]) => [name, createMatcher(value)] as const);
  const allHeaders = (request: RoutedRequest) =>
    header.every(([name, matches]) => {
      const value = request.header(name);
      return value !== null && matches(value);
    });
  // The rule is in the hash, or all rules of ten percent would select the same tenth.
  const isInPart = ({ stableId }: RoutedRequest) =>
    percentage === undefined || hashFraction(`${id} ${stableId}`) * 100 < percentage;
  return [
    ...of("tools", tools, ({ tool }, matches) => tool !== undefined && matches(tool)),
    ...of("methods", methods, ({ method }, matches) => matches(method)),
    ...of("tags", tags, (request, matches) => [...request.tags].some(matches)),
    ...of("clients", clients, ({ client }, matches) => client !== undefined && matches(client)),
    ...of("tenants", tenants, ({ tenant }, matches) => matches(tenant.id) || matches(tenant.slug)),
    ...(header.length === 0 ? [] : [["headers", allHeaders] satisfies Test]),
    ...(percentage === undefined ? [] : [["percentage", isInPart] satisfies Test]),
  ];
}

function matchAny(patterns: readonly string[] | undefined): Matcher | undefined {
  if (patterns === undefined || patterns.length === 0) return undefined;
  const matchers = patterns.map(createMatcher);
  return (text) => matchers.some((matches) => matches(text));
}

/** What is no pattern matches nothing: the rule then steers nothing, which does the least harm. */
const createMatcher = (pattern: string): Matcher => compilePattern(pattern) ?? (() => false);
