/**
 * `npm run bench`: the production bundle in bare workerd, held against a Worker that passes requests through and does
 * nothing else. `--part`, `--case`, `--connections`, `--rounds` and `--minutes` narrow a run; `--json` prints one line of
 * JSON for each result; `--write` puts the results into docs/benchmarks/gateway.md and the README; `--profile FILE` shows where
 * the time of one case goes, and keeps the profile; `--gate` fails where a case takes more CPU than in the committed
 * baseline, which `--write-baseline` measures; `--peers` measures other gateways instead.
 */
import { Problem, runMain } from "../../lib/problem.ts";
import { measurePeers } from "../peers/main.ts";
import { measureBurst } from "./burst.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import { measureCold } from "./cold.ts";
import { type Comparison, compare } from "./compare.ts";
import { machine, writeDocument } from "./document.ts";
import { describeRegression, findRegressions, readBaseline, toBaselineCase, writeBaseline } from "./gate.ts";
import { measureGrowth } from "./growth.ts";
import { measureMemory } from "./memory.ts";
import { type Options, readOptions } from "./options.ts";
import { profile } from "./profile.ts";
import { lineOf, TITLE } from "./report.ts";
import { startWorld, type World } from "./world.ts";

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.peers) return measurePeers(options);
  const cases = CASES.filter(({ name }) => options.wanted?.test(name) !== false);
  if (cases.length === 0) {
    throw new Problem(`Unknown case. Available: ${CASES.map(({ name }) => name).join("; ")}.`);
  }
  if (options.profile !== undefined) return profileCase(cases, options.profile, options.connections?.[0]);
  const { parts, rounds, minutes, json } = options;
  const tell = (result: object) => console.log(json ? JSON.stringify(result) : result);
  const world = await startWorld();
  try {
    if (!json) console.log(machine());
    const comparisons = parts.has("cases") ? await compareAll(world, cases, options) : [];
    if (options.writeBaseline) writeBaseline(comparisons.map(toBaselineCase));
    if (options.gate) return judgeGate(comparisons);
    const memory = parts.has("memory") ? await measureMemory(world, minutes) : undefined;
    if (memory !== undefined) tell(memory);
    const growth = parts.has("growth") ? await measureGrowth(world, rounds, tell) : [];
    const cold = parts.has("cold") ? await measureCold(world, rounds) : [];
    for (const each of cold) tell(each);
    if (options.write) writeDocument({ comparisons, growth, cold, memory });
  } finally {
    await world.close();
  }
  return 0;
}

function judgeGate(comparisons: readonly Comparison[]): number {
  const regressions = findRegressions(readBaseline(), comparisons.map(toBaselineCase));
  for (const regression of regressions) console.log(`SLOWER: ${describeRegression(regression)}`);
  return regressions.length === 0 ? 0 : 1;
}

async function compareAll(
  world: World,
  cases: readonly Case[],
  { connections, rounds, json }: Options,
): Promise<Comparison[]> {
  const results: Comparison[] = [];
  if (!json) console.log(TITLE);
  for (const each of cases) {
    const pair = await each.prepare(world);
    for (const count of connections ?? each.connections) {
      const { baseline } = world;
      const pids = { gateway: pair.isBeside ? baseline.pid : world.gateway.pid, baseline: baseline.pid };
      const terms = { name: each.name, connections: count, amount: each.amount, rounds, pids };
      const result = await compare(pair, terms);
      results.push(result);
      console.log(json ? JSON.stringify(result) : lineOf(result, each.atLeast));
    }
  }
  return results;
}

const INSPECTOR = "127.0.0.1:9333";

/** Of the first case that is meant. */
async function profileCase([each]: readonly Case[], file: string, connections = 16): Promise<number> {
  const world = await startWorld(INSPECTOR);
  try {
    const { gateway } = (await each?.prepare(world)) ?? {};
    if (each === undefined || gateway === undefined) return 1;
    const { amount } = each;
    const burst = () => measureBurst({ ...gateway, connections, amount }, world.gateway.pid);
    await burst();
    for (const { name, share } of await profile(INSPECTOR, file, burst)) {
      console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
    }
  } finally {
    await world.close();
  }
  return 0;
}

await runMain(() => main(process.argv.slice(2)));
