/**
 * `npm run sim`: limits and shares under simulated traffic and faults, beside what is exact; and the forecast beside
 * two that need no thought. `npm run sim -- capacity`: costs and limits of traffic. Fails when a bound is broken. The same seed gives the same numbers.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectDir } from "../lib/paths.ts";
import { Problem, runMain } from "../lib/problem.ts";
import { type Accuracy, CALLERS, measureAccuracy, summed } from "./accuracy.ts";
import { printCapacity } from "./capacity.ts";
import { CROWDS, type Fairness, measureFairness } from "./fairness.ts";
import { FAULTS, TORTURE } from "./faults.ts";
import { type Judged, judge } from "./forecasts.ts";
import { createRandom } from "./random.ts";
import { generatedShapes, type Shape } from "./shapes.ts";
import { percent, table } from "./table.ts";

const LEAST_EQUAL = 0.99;
const MOST_UNFAIR = 0.05;

function options(args: string[]): { seed: number; minutes: number } {
  const { values } = parseArgs({
    args,
    options: { seed: { type: "string", default: "1" }, minutes: { type: "string", default: "8" } },
  });
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
  if (!Number.isInteger(seed)) throw new Problem("--seed must be an integer.");
  if (!(minutes >= 6 && minutes <= 120))
    throw new Problem("--minutes must be 6 to 120 minutes of simulated time.");
  return { seed, minutes };
}

function main(args: string[]): number {
  if (args[0] === "capacity") {
    printCapacity();
    return 0;
  }
  const { seed, minutes } = options(args);
  const accuracy = FAULTS.map((faults) => ({
    name: faults.name,
    rows: measureAccuracy(CALLERS, faults, seed, minutes),
  }));
  const tortured = measureAccuracy(CALLERS, TORTURE, seed, minutes);
  printAccuracy(accuracy, tortured);

  const fairness = FAULTS.filter(({ name }) => name !== "hibernation").flatMap((faults) =>
    CROWDS.map((crowd) => ({ world: faults.name, ...measureFairness(crowd, faults, seed, minutes) })),
  );
  printFairness(fairness);

  const judged = [...generatedShapes(createRandom(seed)), ...recordedShapes()].map((shape) => judge(shape));
  printForecasts(judged);

  const all = summed(
    accuracy.flatMap(({ rows }) => rows),
    "all",
  );
  const over = all.over + summed(tortured, "").over + fairness.reduce((sum, row) => sum + row.over, 0);
  const worst = fairness.reduce((far, row) => Math.max(far, Math.abs(row.worst)), 0);
  const [ours, naive, seasonal] = meanErrors(judged);
  const broken = [
    ...(all.equal < LEAST_EQUAL * all.requests
      ? [`less than ${percent(LEAST_EQUAL)} of decisions are equal`]
      : []),
    ...(over > 0 ? ["requests were admitted above a limit"] : []),
    ...(worst > MOST_UNFAIR
      ? [`a tenant's share differs by more than ${percent(MOST_UNFAIR)} from its fair share`]
      : []),
    ...(ours >= naive || ours >= seasonal ? ["the forecast is worse than no forecast"] : []),
  ];
  for (const bound of broken) console.log(`FAILED: ${bound}`);
  console.log(
    `${percent(all.equal / all.requests)} of ${all.requests} decisions equal to the exact bucket, ` +
      `${over} over-admitted, worst fairness error ${percent(worst)}, ` +
      `forecast error ${percent(ours / naive, 0)} of naive and ${percent(ours / seasonal, 0)} of seasonal naive ` +
      `(seed ${seed})`,
  );
  return broken.length === 0 ? 0 : 1;
}

const accuracyHead = ["", "requests", "equal", "admitted", "exact", "over", "unanswered", "requests each"];

const accuracyRow = (row: Accuracy) => [
  row.caller,
  String(row.requests),
  percent(row.equal / row.requests),
  String(row.admitted),
  String(row.exact),
  String(row.over),
  String(row.unanswered),
  (row.asks / row.requests).toFixed(3),
];

function printAccuracy(worlds: { name: string; rows: Accuracy[] }[], tortured: Accuracy[]): void {
  const callers = CALLERS.map(({ name }, at) =>
    summed(
      worlds.flatMap(({ rows }) => rows[at] ?? []),
      name,
    ),
  );
  console.log("Decisions compared with the exact bucket, by caller, in all ordinary worlds\n");
  console.log(table(accuracyHead, callers.map(accuracyRow)));
  console.log("\nBy world; for the last one only “over” counts\n");
  const byWorld = [...worlds.map(({ name, rows }) => summed(rows, name)), summed(tortured, TORTURE.name)];
  console.log(table(accuracyHead, byWorld.map(accuracyRow)));
}

function printFairness(rows: ({ world: string } & Fairness)[]): void {
  console.log("\nRequests per minute of each tenant, compared with its max-min share\n");
  const shown = rows.map(({ crowd, world, tenants, worst, over }) => {
    const first = tenants.slice(0, 4).map(({ got, ideal }) => `${got.toFixed(0)}/${ideal.toFixed(0)}`);
    return [`${crowd}, ${world}`, first.join(" "), percent(worst), String(over)];
  });
  console.log(table(["", "got/ideal of the first four", "worst error", "over"], shown));
}

function printForecasts(judged: Judged[]): void {
  console.log("\nMean absolute error of the forecast, requests per minute: gateway, naive, seasonal naive\n");
  const cell = ({ ours, naive, seasonalNaive }: Judged["errors"][number]) =>
    `${ours.toFixed(1)} ${naive.toFixed(1)} ${seasonalNaive.toFixed(1)}`;
  const rows = judged.map(({ name, meanDemand, errors }) => [
    name,
    meanDemand.toFixed(0),
    ...errors.map(cell),
  ]);
  const head = ["", "mean", ...(judged[0]?.errors ?? []).map(({ ahead }) => `${ahead} min ahead`)];
  console.log(`${table(head, rows)}\n`);
}

/** Each shape counts the same, however much traffic it has. */
function meanErrors(judged: Judged[]): [ours: number, naive: number, seasonal: number] {
  const mean = (of: (error: Judged["errors"][number]) => number) => {
    const parts = judged.flatMap(({ errors, meanDemand }) => errors.map((error) => of(error) / meanDemand));
    return parts.reduce((sum, part) => sum + part, 0) / parts.length;
  };
  return [mean(({ ours }) => ours), mean(({ naive }) => naive), mean(({ seasonalNaive }) => seasonalNaive)];
}

/** See tests/fixtures/demand/README.md. */
function recordedShapes(): Shape[] {
  const folder = join(projectDir, "tests", "fixtures", "demand");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

if (import.meta.main) await runMain(async () => main(process.argv.slice(2)));
