/** The dashboards of docs/grafana query what the exporter sends, and nothing else. */
import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { HEALTH_STATUSES } from "../../../src/core/enums.ts";
import { METRICS } from "../../../src/core/telemetry/metric-definitions.ts";
import { toMetricPoints } from "../../../src/operations/telemetry/day-points.ts";
import { listPrometheusNames } from "./prometheus-names.ts";

const dashboard = z.object({
  title: z.string(),
  panels: z
    .array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) }))
    .min(1),
  templating: z.object({
    list: z.array(
      z.object({ type: z.string(), query: z.union([z.string(), z.object({ query: z.string() })]) }),
    ),
  }),
});

const total = {
  tenantId: "t",
  requests: 1,
  errors: 1,
  durationMs: 1,
  requestBytes: 1,
  cost: 1,
  histogram: [1],
};
const members = { method: "tools/call", tool: "s/look", server: "s", error: "upstream" };
/** One point of each kind that there is. */
const points = toMetricPoints(
  [
    ...Object.entries(members).map(([dimension, member]) => ({ ...total, kind: "call", dimension, member })),
    { ...total, kind: "rest", dimension: "all", member: "" },
  ],
  HEALTH_STATUSES.map((healthStatus) => ({ tenantId: "t", id: "s", name: "files", healthStatus })),
  { hasHealth: true },
);
/** The labels of each metric, under the names of Prometheus. */
const labels = new Map<string, Set<string>>();
for (const { metric, attributes } of points) {
  for (const name of listPrometheusNames(METRICS[metric])) {
    const known = labels.get(name) ?? new Set(name.endsWith("_bucket") ? ["le"] : []);
    for (const attribute of Object.keys(attributes)) known.add(attribute.replaceAll(".", "_"));
    labels.set(name, known);
  }
}

/** The metrics and labels that an expression of PromQL, or a variable, names. */
function readNames(expression: string): { metrics: string[]; labels: string[] } {
  const words = expression.replace(/"[^"]*"|\$\w+/g, "").match(/\b(?:mcp|http|gen_ai|error)_\w+/g) ?? [];
  const metrics = words.filter(
    (word) => /^(?:mcp_(?:server|client|gateway)|http)_/.test(word) && !isLabel(word),
  );
  return { metrics, labels: words.filter((word) => !metrics.includes(word)) };
}

const isLabel = (word: string) => [...labels.values()].some((known) => known.has(word));

it.each(globSync("docs/grafana/*.json"))("%s queries metrics and labels that are sent", (file) => {
  const { panels, templating } = dashboard.parse(JSON.parse(readFileSync(file, "utf8")));
  const queries = [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...templating.list.flatMap(({ query }) => (typeof query === "string" ? [] : [query.query])),
  ];
  for (const expression of queries) {
    const used = readNames(expression);
    expect(used.metrics, expression).not.toEqual([]);
    for (const metric of used.metrics) expect([...labels.keys()], expression).toContain(metric);
    for (const label of used.labels) {
      expect(
        used.metrics.every((metric) => labels.get(metric)?.has(label)),
        `${label} in ${expression}`,
      ).toBe(true);
    }
  }
});

it("show every metric somewhere", () => {
  const texts = globSync("docs/grafana/*.json")
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  const missing = Object.values(METRICS).filter(
    (metric) => !listPrometheusNames(metric).some((name) => texts.includes(name)),
  );
  expect(missing).toEqual([]);
});
