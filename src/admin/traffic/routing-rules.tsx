/** Which servers take which requests. Their order is routing-order.tsx, trying a request against them routing-test.tsx. */
import { Hono } from "hono";
import { z } from "zod";
import { BALANCING_STRATEGIES } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { loadServerNames, serverOptions } from "../lookups/choices.ts";
import { Badge } from "../ui/components.tsx";
import {
  conditionsShape,
  formatHeaderLines,
  parseHeaderLines,
  readConditions,
} from "./routing-conditions.ts";
import { routingOrder } from "./routing-order.tsx";
import { routingTest } from "./routing-test.tsx";

const shape = z.object({
  id: z.string(),
  name: z.string(),
  conditions: conditionsShape,
  targetServers: z.array(z.string()),
  loadBalancingStrategy: z.enum(BALANCING_STRATEGIES),
  priority: z.number(),
  isActive: z.boolean(),
  serverNames: z.string().optional(),
});
type Rule = z.infer<typeof shape>;

const PATTERNS = "One per line, with * as wildcard. Optional. Default: any.";

const rules = crudPages<Rule>({
  name: "routing-rules",
  path: "/admin/routing",
  title: "Routing rules",
  noun: "routing rule",
  intro: "Route requests to servers. The first matching rule applies.",
  empty: "Route by tool, client, header or percentage.",
  beside: (c) => (
    <>
      <LinkButton to="/admin/routing/simulator" kind="quiet">
        Simulator
      </LinkButton>
      {may(c, "routing-rules.update") && (
        <LinkButton to="/admin/routing/order" kind="quiet">
          Reorder
        </LinkButton>
      )}
    </>
  ),
  list: {
    shape,
    usual: "priority",
    search: "Name or description",
    filters: [
      {
        name: "loadBalancingStrategy",
        label: "Strategy",
        kind: "choice",
        options: optionsFrom(BALANCING_STRATEGIES),
      },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    async complete(rest, rows) {
      const nameOf = await loadServerNames(
        rest,
        rows.flatMap(({ targetServers }) => targetServers),
      );
      return rows.map((row) => ({ ...row, serverNames: row.targetServers.map(nameOf).join(", ") }));
    },
    columns: [
      { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
      { name: "priority", label: "Priority", sorts: true, number: true, show: ({ priority }) => priority },
      {
        name: "conditions",
        label: "Conditions",
        show: ({ conditions }) => readConditions(conditions),
        plain: ({ conditions }) => readConditions(conditions),
      },
      { name: "serverNames", label: "Servers", show: ({ serverNames }) => serverNames ?? "" },
      {
        name: "loadBalancingStrategy",
        label: "Strategy",
        show: ({ loadBalancingStrategy }) => loadBalancingStrategy.replaceAll("_", " "),
      },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 200 },
    { name: "description", label: "Description", kind: "long", optional: true },
    { name: "conditions.tools", label: "Tools", kind: "lines", hint: PATTERNS },
    {
      name: "conditions.methods",
      label: "Methods",
      kind: "lines",
      hint: "For example tools/call. Optional. Default: any.",
    },
    {
      name: "conditions.tags",
      label: "Tags",
      kind: "lines",
      hint: "Matches requests that a server with one of these tags can serve.",
    },
    { name: "conditions.clients", label: "Clients", kind: "lines", hint: "Client name from initialize." },
    {
      name: "conditions.headers",
      label: "Headers",
      kind: "lines",
      hint: "One per line, as Name: pattern. All must match.",
    },
    {
      name: "conditions.percentage",
      label: "Percentage of sessions",
      kind: "number",
      min: 0,
      max: 100,
      optional: true,
      empty: "omit",
      hint: "Assignment is stable. Optional. Default: all.",
    },
    { name: "targetServers", label: "Servers", kind: "choices", options: serverOptions },
    {
      name: "loadBalancingStrategy",
      label: "Strategy",
      kind: "choice",
      options: optionsFrom(BALANCING_STRATEGIES),
      initial: "round_robin",
    },
    {
      name: "strategyOptions.hashOn",
      label: "Hash key",
      kind: "choice",
      options: optionsFrom(["session", "user", "argument"]),
      optional: true,
      empty: "omit",
      hint: "For consistent_hash.",
    },
    {
      name: "strategyOptions.argument",
      label: "Argument",
      kind: "text",
      optional: true,
      empty: "omit",
      hint: "Name of the argument used as hash key.",
    },
    { name: "strategyOptions.sticky", label: "Sticky sessions", kind: "yes" },
    {
      name: "priority",
      label: "Priority",
      kind: "number",
      min: 0,
      max: 1_000_000,
      step: 1,
      initial: "100",
      hint: "Lower values are evaluated first.",
    },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ name }) => name,
  toForm: ({ conditions, ...row }) => {
    const known = conditionsShape.parse(conditions);
    return { ...row, conditions: { ...known, headers: formatHeaderLines(known.headers) } };
  },
  fromForm: ({ conditions, ...body }) => {
    const entered = z.looseObject({ headers: z.array(z.string()) }).parse(conditions);
    return { ...body, conditions: { ...entered, headers: parseHeaderLines(entered.headers) } };
  },
});

export const routingRules = new Hono<AdminEnv>()
  .route("/", routingOrder)
  .route("/", routingTest)
  .route("/", rules);
