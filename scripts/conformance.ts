// `npm run conformance`: runs the official suite against the fixture and against everything that stands before it.
import { parseArgs } from "node:util";
import { type Column, faults, table } from "./conformance/report.ts";
import {
  REVISIONS,
  type Revision,
  runClientSuite,
  runSuite,
  type ScenarioResult,
} from "./conformance/suite.ts";
import { type RunningTarget, SharedGateway, TARGETS, type Target } from "./conformance/targets.ts";
import { FEWER_CHECKS, judge, type Verdict } from "./conformance/verdict.ts";
import { Problem, runMain } from "./lib/problem.ts";
import { createShutdown } from "./run/shutdown.ts";

interface Options {
  targets: Target[];
  revisions: readonly Revision[];
  scenario: string | undefined;
  verbose: boolean;
}

/** How a check begins that could not judge its sample. */
const NOT_TESTABLE = "Not testable: the set of tools changed";

const shutdown = createShutdown();

await runMain(() => main(readOptions(process.argv.slice(2))).finally(() => shutdown.run(0)));

async function main(options: Options): Promise<number> {
  const shared = new SharedGateway(shutdown);
  const columns: Column[] = [];
  const passesAlone = new Map<string, number>();
  for (const target of options.targets) {
    const { revisions = options.revisions } = target;
    for (const revision of options.revisions.filter((wanted) => revisions.includes(wanted))) {
      columns.push(
        await runColumn(await target.start(shared), { target, revision, passesAlone, ...options }),
      );
    }
  }
  const verdicts = columns.flatMap((column) => [...column.verdicts.values()]);
  if (verdicts.length === 0) throw new Problem("No checks ran: no such scenario in these revisions.");
  console.log(`\n${table(columns)}\n`);
  const failed = verdicts.filter((verdict) => verdict.faults.length > 0).length;
  if (failed > 0) console.log(`${faults(columns)}\n`);
  console.log(`${verdicts.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

interface ColumnOptions {
  readonly target: Target;
  readonly revision: Revision;
  readonly scenario: string | undefined;
  readonly verbose: boolean;
  /** How many checks passed without anything in between, by revision and scenario. */
  readonly passesAlone: Map<string, number>;
}

async function runColumn(
  { is, close }: RunningTarget,
  { target, revision, scenario, verbose, passesAlone }: ColumnOptions,
): Promise<Column> {
  const title = `${target.name} ${revision}`;
  console.error(`Running ${title} …`);
  try {
    const run = (only: string | undefined) =>
      "url" in is
        ? runSuite({ url: is.url, revision, scenario: only, verbose })
        : runClientSuite({ variables: is.variables, revision, scenario: only, verbose });
    const results = await sampleAgain(await run(scenario), run);
    const verdicts = new Map<string, Verdict>();
    for (const result of results) {
      const key = `${revision} ${result.scenario}`;
      const hasFewer = target.isServer === true && FEWER_CHECKS.has(result.scenario);
      const verdict = judge(result, hasFewer ? undefined : passesAlone.get(key));
      if (target.name === "direct") passesAlone.set(key, verdict.passed);
      verdicts.set(result.scenario, verdict);
    }
    return { title, verdicts };
  } finally {
    await close();
  }
}

/**
 * Runs a scenario a second time whose sample could not be judged: an earlier scenario changed the tools, and the merged list
 * was refreshed between two requests.
 */
async function sampleAgain(
  results: readonly ScenarioResult[],
  run: (scenario: string) => Promise<ScenarioResult[]>,
): Promise<ScenarioResult[]> {
  const settled: ScenarioResult[] = [];
  for (const result of results) {
    const isTestable = !result.checks.some(({ message }) => message?.startsWith(NOT_TESTABLE));
    settled.push(...(isTestable ? [result] : await run(result.scenario)));
  }
  return settled;
}

function readOptions(argv: string[]): Options {
  const values = parse(argv);
  const revision = REVISIONS.find((known) => known === values.requirements);
  if (revision === undefined && values.requirements !== "all") {
    throw new Problem(`--requirements must be one of ${REVISIONS.join(", ")} or all.`);
  }
  const targets = TARGETS.filter(({ name }) => values.target === "all" || name === values.target);
  if (targets.length === 0) {
    throw new Problem(`--target must be one of ${TARGETS.map(({ name }) => name).join(", ")} or all.`);
  }
  return {
    targets,
    revisions: revision === undefined ? REVISIONS : [revision],
    scenario: values.scenario,
    verbose: values.verbose,
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        target: { type: "string", default: "all" },
        requirements: { type: "string", default: "all" },
        scenario: { type: "string" },
        verbose: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Problem(error instanceof Error ? error.message : String(error));
  }
}
