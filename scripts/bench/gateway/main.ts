/**
 * `npm run bench`: the production bundle in bare workerd, held against a Worker that passes requests through and does
 * nothing else. `--case`, `--connections`, `--rounds` narrow a run; `--json` prints one line of JSON for each result.
 * `--profile FILE` tells where the gateway's time goes, and keeps the profile. `--peers` measures other gateways instead.
 */
import { parseArgs } from "node:util";
import { Problem, runMain } from "../../lib/problem.ts";
import { measurePeers } from "../peers/main.ts";
import { measureBurst } from "./burst.ts";
import { CASES, type Case } from "./cases.ts";
import { type Comparison, compare } from "./compare.ts";
import { profile } from "./profile.ts";
import { lineOf, TITLE } from "./report.ts";
import { startWorld } from "./world.ts";

interface Options {
  readonly wanted: RegExp | undefined;
  readonly connections: readonly number[] | undefined;
  readonly rounds: number;
  readonly json: boolean;
  readonly profile: string | undefined;
  readonly peers: boolean;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      case: { type: "string" },
      connections: { type: "string" },
      rounds: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
      profile: { type: "string" },
      peers: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 99)) {
    throw new Problem("--rounds takes a whole number from 1 to 99.");
  }
  const connections = values.connections?.split(",").map(Number);
  if (connections?.some((count) => !(Number.isInteger(count) && count >= 1 && count <= 1024)) === true) {
    throw new Problem("--connections takes whole numbers from 1 to 1024, with commas between them.");
  }
  return {
    wanted: values.case === undefined ? undefined : new RegExp(values.case, "i"),
    connections,
    rounds,
    json: values.json,
    profile: values.profile,
    peers: values.peers,
  };
}

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.peers) return measurePeers(options);
  const cases = CASES.filter(({ name }) => options.wanted?.test(name) !== false);
  if (cases.length === 0)
    throw new Problem(`No case is called so. There are: ${CASES.map(({ name }) => name).join("; ")}.`);
  if (options.profile !== undefined) return profileCase(cases, options.profile, options.connections?.[0]);
  const world = await startWorld();
  const results: Comparison[] = [];
  try {
    if (!options.json) console.log(TITLE);
    for (const each of cases) {
      const pair = await each.prepare(world);
      for (const connections of options.connections ?? each.connections) {
        const pids = { gateway: world.gateway.pid, baseline: world.baseline.pid };
        const terms = { name: each.name, connections, amount: each.amount, rounds: options.rounds, pids };
        const result = await compare(pair, terms);
        results.push(result);
        console.log(options.json ? JSON.stringify(result) : lineOf(result, each.atLeast));
      }
    }
  } finally {
    await world.close();
  }
  return 0;
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
