// The stages of `npm test` as a table: what each one runs, in which selections, and what may run at the same time.
import type { TestArgs } from "./test-args.ts";

/** `ci`: everything in `all`, and what CI checks beside it. `security`: only the regression tests of the findings. */
export type TestSelection = "all" | "ci" | "unit" | "changed" | "security";

const MINUTE_MS = 60_000;

const ALL: readonly TestSelection[] = ["all", "ci"];

export interface TestStage {
  readonly name: string;
  /** A program of node_modules/.bin and its arguments; `node` is the packaged Node 24. */
  readonly command: readonly [string, ...string[]];
  /** The selections that include the stage. Left out: "all" and "ci". */
  readonly selections?: readonly TestSelection[];
  /** Stages with the same order run at the same time; a higher order waits for every lower one. */
  readonly order: number;
  /** The stage needs the database of the run (TEST_DATABASE_URL and its companions). */
  readonly needsDatabase?: boolean;
  /** Writes to the terminal while it runs. The output of any other stage goes to a file and is shown if it fails. */
  readonly isLive?: boolean;
  /** The last line of its output counts: "3 passed, 0 failed". */
  readonly isCounted?: boolean;
  /** The stage has failed if it runs for longer. Left out: its own programs have time limits. */
  readonly timeoutMs?: number;
}

/** Every stage of `npm test`. To add one, add a row. */
const STAGES: readonly TestStage[] = [
  // The type checks read what this stage generates.
  { order: 1, name: "Worker types", command: ["wrangler", "types", "--strict-vars=false"] },
  { order: 2, name: "type check", command: ["tsc", "-p", "."] },
  { order: 2, name: "type check of scripts", command: ["tsc", "-p", "scripts"] },
  { order: 2, name: "Biome", command: ["biome", "check", "."] },
  {
    order: 2,
    name: "build and dry deployment",
    command: ["node", "scripts/deploy.ts", "--dry-run"],
    selections: ["ci"],
  },
  {
    order: 3,
    name: "conformance",
    command: ["node", "scripts/conformance.ts"],
    selections: ["ci"],
    needsDatabase: true,
    isCounted: true,
    timeoutMs: 40 * MINUTE_MS,
  },
  {
    order: 3,
    name: "tests",
    command: ["vitest", "run"],
    selections: ["all", "ci", "unit", "changed", "security"],
    needsDatabase: true,
    isLive: true,
  },
  // By itself: wrangler's proxy loses connections, and answers come late, where other stages take the cores.
  {
    order: 4,
    name: "smoke",
    command: ["node", "scripts/smoke/main.ts"],
    isLive: true,
    timeoutMs: 20 * MINUTE_MS,
  },
];

/** The stages that the arguments select, in order, with the arguments for vitest filled in. */
export function selectStages({ selection, vitest }: TestArgs, reporters: readonly string[]): TestStage[] {
  return STAGES.filter(({ selections = ALL }) => selections.includes(selection)).map((stage) =>
    stage.name === "tests" ? { ...stage, command: [...stage.command, ...reporters, ...vitest] } : stage,
  );
}
