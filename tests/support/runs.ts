/** How often properties run: the number that a test names, times TEST_FACTOR. */
import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    testFactor: number;
    isLongRun: boolean;
  }
}

export const runs = (count: number): number => Math.max(1, Math.ceil(count * inject("testFactor")));

/** The number of a usual run, or the larger one of `npm run test:security -- --long`. */
export const runsOrLong = (usual: number, long: number): number => (inject("isLongRun") ? long : runs(usual));
