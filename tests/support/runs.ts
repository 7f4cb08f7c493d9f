/** How often properties run: the number that a test names, times TEST_FACTOR. */
import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    testFactor: number;
  }
}

export const runs = (count: number): number => Math.max(1, Math.ceil(count * inject("testFactor")));
