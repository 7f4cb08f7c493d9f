import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { configDefaults, defineConfig } from "vitest/config";
import { ProjectSequencer } from "./scripts/run/test-sequencer.ts";
import { namesOfFindings, testFilesOfFindings } from "./tests/security/findings.ts";

// Set by scripts/run/test.ts, which starts the Postgres and the local Neon endpoint that the tests talk to.
const database = {
  owner: process.env.TEST_DATABASE_URL ?? "",
  runtime: process.env.TEST_RUNTIME_URL ?? "",
  endpoint: process.env.TEST_NEON_ENDPOINT ?? "",
};
if (Object.values(database).includes("")) {
  throw new Error("Run the tests with `npm test` or `npm run test:unit`: they bring their own Postgres.");
}

/** Pure code needs no platform. */
const inCore = ["tests/core/**/*.test.ts"];
/** Tests with a real browser. */
const inBrowser = ["tests/browser/**/*.node.test.ts"];
/** Tests of scripts, and tests that need Node itself (drizzle-kit, child processes), run outside workerd. */
const inNode = ["tests/scripts/**/*.test.ts", "tests/**/*.node.test.ts"];

/** `npm run test:security`: only the tests that the table of findings names. */
const onlyFindings = process.env.TEST_ONLY === "security";

function included(patterns: readonly string[], isProjects: (file: string) => boolean): string[] {
  return onlyFindings ? testFilesOfFindings().filter(isProjects) : [...patterns];
}

const isCore = (file: string) => file.startsWith("tests/core/");
const isBrowser = (file: string) => file.startsWith("tests/browser/");
const isNode = (file: string) => file.endsWith(".node.test.ts") || file.startsWith("tests/scripts/");

/** Ends what hangs. A machine that is busy with something else is no failure. */
const PATIENCE = { testTimeout: 300_000, hookTimeout: 300_000 };

/** How often properties run, beside what each of them names, and whether the run may take long (`--long`). */
const PROPERTIES = {
  provide: {
    testFactor: Number(process.env.TEST_FACTOR ?? 1),
    isLongRun: process.env.TEST_LONG === "1",
  },
};
const PROPERTY_SETUP = "./tests/support/property-runs.ts";

export default defineConfig({
  test: {
    ...(onlyFindings && { testNamePattern: namesOfFindings() }),
    // The report lists a single test only where it is slow indeed.
    slowTestThreshold: 10_000,
    // Two more than cores: many tests wait for timers and other processes more than they compute. Measured with four more:
    // no core was idle, and the run as a whole was not faster.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: ProjectSequencer },
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ENVIRONMENT: "test",
                PUBLIC_URL: "http://gateway.test",
                DATABASE_URL: database.runtime,
                NEON_ENDPOINT: database.endpoint,
                BETTER_AUTH_SECRET: "only-for-tests-only-for-tests-only-for-tests",
                ENCRYPTION_KEYS: "t1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                TEST_OWNER_URL: database.owner,
                // All tests of the project share one runtime, and its limit for the whole system.
                REQUESTS_PER_MINUTE: "100000000",
                // Multiplies the runs of property tests.
                TEST_FACTOR: process.env.TEST_FACTOR ?? "1",
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          // One workerd for many files: each has tenants of its own, and finds Durable Objects that never were.
          isolate: false,
          setupFiles: ["./tests/support/reset-objects.ts", PROPERTY_SETUP],
          ...PROPERTIES,
          include: included(["tests/**/*.test.ts"], (file) => !isCore(file) && !isNode(file)),
          exclude: [...configDefaults.exclude, ...inNode, ...inCore],
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "core",
          environment: "node",
          pool: "threads",
          isolate: false,
          setupFiles: PROPERTY_SETUP,
          ...PROPERTIES,
          include: included(inCore, isCore),
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "node",
          environment: "node",
          // Most of what a file computes is its imports: the next one finds them loaded.
          isolate: false,
          setupFiles: PROPERTY_SETUP,
          ...PROPERTIES,
          include: included(inNode, (file) => isNode(file) && !isBrowser(file)),
          exclude: [...configDefaults.exclude, ...inBrowser],
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "browser",
          environment: "node",
          isolate: false,
          include: included(inBrowser, isBrowser),
          globalSetup: "./tests/fixtures/browser-setup.ts",
          ...PATIENCE,
        },
      },
    ],
  },
});
