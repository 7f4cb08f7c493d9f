// The reporter of `npm test`: one line per file with files done of all and the time left, and every time in a file for
// `npm run test:report`.
import type { TestModule, TestSpecification } from "vitest/node";
import { DefaultReporter } from "vitest/node";
import {
  type FileTimes,
  formatEstimate,
  MAX_SLOWEST,
  ProgressEstimate,
  type RunTimes,
  readTimes,
  writeTimes,
} from "./test-times.ts";

export default class ProgressReporter extends DefaultReporter {
  #startedAt = 0;
  #total = 0;
  #files: FileTimes[] = [];
  #slowest: RunTimes["slowest"] = [];
  #progress: string | undefined;
  #estimate = new ProgressEstimate([], []);

  constructor() {
    // The line of each file contains what the summary at the bottom of the terminal would show.
    super({ summary: false });
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    this.renderSucceed = false;
    this.#startedAt = Date.now();
    this.#total = specifications.length;
    const last = readTimes();
    this.#estimate = new ProgressEstimate(
      specifications.map(({ moduleId }) => this.relative(moduleId)),
      last === undefined ? [] : [...last.files, ...last.earlier],
    );
  }

  override onTestModuleEnd(module: TestModule): void {
    const times = timesOf(module);
    this.#files.push(times);
    this.#estimate.complete(times.file);
    this.#rememberSlowest(module);
    const done = String(this.#files.length).padStart(String(this.#total).length);
    const left = formatEstimate(this.#estimate.leftMs(Date.now() - this.#startedAt));
    this.#progress = `[${done}/${this.#total}, ${left} left]`;
    super.onTestModuleEnd(module);
  }

  /** The first line after the end of a file is the one about the file. */
  override log(...messages: Parameters<DefaultReporter["log"]>): void {
    const progress = this.#progress;
    this.#progress = undefined;
    super.log(...(progress === undefined ? messages : [`${progress}${messages.join(" ")}`]));
  }

  override onTestRunEnd(...args: Parameters<DefaultReporter["onTestRunEnd"]>): void {
    super.onTestRunEnd(...args);
    writeTimes({ stages: [], files: this.#files, slowest: this.#slowest });
  }

  #rememberSlowest(module: TestModule): void {
    for (const test of module.children.allTests()) {
      const ms = test.diagnostic()?.duration ?? 0;
      this.#slowest.push({ file: module.relativeModuleId, name: test.fullName, ms });
    }
    this.#slowest.sort((a, b) => b.ms - a.ms).splice(MAX_SLOWEST);
  }
}

function timesOf(module: TestModule): FileTimes {
  const { environmentSetupDuration, prepareDuration, setupDuration, collectDuration, duration } =
    module.diagnostic();
  return {
    file: module.relativeModuleId,
    project: module.project.name,
    startMs: environmentSetupDuration + prepareDuration + setupDuration,
    importMs: collectDuration,
    testMs: duration,
    tests: [...module.children.allTests()].length,
  };
}
