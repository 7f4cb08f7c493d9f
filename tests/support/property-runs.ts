/** Applies TEST_FACTOR to properties that name no number of runs. */
import fc from "fast-check";
import { runs } from "./runs.ts";

const DEFAULT_RUNS = 100;

// The reports show only the message: what failed stands in it, and not just the counterexample.
fc.configureGlobal({ numRuns: runs(DEFAULT_RUNS), includeErrorInReport: true });
