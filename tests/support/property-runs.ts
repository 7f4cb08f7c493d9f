/** Applies TEST_FACTOR to properties that name no number of runs. */
import fc from "fast-check";
import { runs } from "./runs.ts";

const DEFAULT_RUNS = 100;

fc.configureGlobal({ numRuns: runs(DEFAULT_RUNS) });
