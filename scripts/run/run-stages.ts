// Runs the stages of `npm test`: those of one order at the same time, and the orders one after another.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Guarded, spawnGuarded } from "../lib/guarded.ts";
import { devDir, projectDir } from "../lib/paths.ts";
import { Problem } from "../lib/problem.ts";
import type { Shutdown } from "./shutdown.ts";
import { type Counts, countLine, countStage } from "./test-count.ts";
import type { TestStage } from "./test-stages.ts";
import { formatSeconds } from "./test-times.ts";

export interface StageResult {
  readonly name: string;
  readonly exitCode: number;
  readonly durationMs: number;
  /** What a stage has counted that is not live. */
  readonly counts?: Counts;
}

export interface RunStagesOptions {
  readonly shutdown: Shutdown;
  /** The environment of a stage. */
  environment(stage: TestStage): Promise<NodeJS.ProcessEnv>;
}

export async function runStages(
  stages: readonly TestStage[],
  options: RunStagesOptions,
): Promise<StageResult[]> {
  const groups = [...Map.groupBy(stages, ({ order }) => order)].sort(([a], [b]) => a - b);
  const results: StageResult[] = [];
  let started = 0;
  for (const [, group] of groups) {
    const first = started + 1;
    started += group.length;
    const range = group.length === 1 ? `${first}` : `${first}–${started}`;
    console.log(`\n── ${range} of ${stages.length}: ${group.map(({ name }) => name).join(", ")}`);
    const ended = await Promise.all(group.map((stage) => runStage(stage, options)));
    if (options.shutdown.running) throw new Problem("Canceled.", 130);
    results.push(...ended);
  }
  return results;
}

/** Ends a stage that hangs: the run has a result then, and reports which stage it was. */
async function exitInTime({ exited, stop }: Guarded, { name, timeoutMs }: TestStage): Promise<number> {
  if (timeoutMs === undefined) return exited;
  const timer = setTimeout(() => {
    console.log(`\n   ${name}: stopped, because it did not end within ${formatSeconds(timeoutMs)}`);
    void stop();
  }, timeoutMs);
  try {
    return await exited;
  } finally {
    clearTimeout(timer);
  }
}

// Under a guard, so that killing this process ends the stage and everything it started.
async function runStage(stage: TestStage, { shutdown, environment }: RunStagesOptions): Promise<StageResult> {
  const startedAt = Date.now();
  const env = await environment(stage);
  const [program, ...args] = stage.command;
  const logFile = join(devDir(), "logs", `test-${stage.name.toLowerCase().replaceAll(/\W+/g, "-")}.log`);
  const child = await spawnGuarded({
    command: join(projectDir, "node_modules", ".bin", program),
    args,
    cwd: projectDir,
    env,
    log: stage.isLive === true ? "inherit" : logFile,
    signal: "SIGTERM",
    graceMs: 5_000,
  });
  shutdown.add(child.stop);
  const exitCode = await exitInTime(child, stage);
  const durationMs = Date.now() - startedAt;
  const counts = stage.isCounted === true ? countStage(readFileSync(logFile, "utf8")) : undefined;
  if (exitCode !== 0 && stage.isLive !== true && !shutdown.running) {
    console.log(`\n${readFileSync(logFile, "utf8").trimEnd()}\n`);
  }
  const outcome = exitCode === 0 ? "passed" : "failed";
  const counted = counts === undefined ? "" : `, ${countLine(counts)}`;
  console.log(`   ${stage.name}: ${outcome} in ${formatSeconds(durationMs)}${counted}`);
  return { name: stage.name, exitCode, durationMs, ...(counts !== undefined && { counts }) };
}
