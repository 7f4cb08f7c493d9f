import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { configDefaults, defineConfig } from "vitest/config";

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

/** A machine that is busy with something else is no failure. */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
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
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["tests/**/*.test.ts"],
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
          include: inCore,
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "node",
          environment: "node",
          include: inNode,
          exclude: [...configDefaults.exclude, ...inBrowser],
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "browser",
          environment: "node",
          include: inBrowser,
          ...PATIENCE,
        },
      },
    ],
  },
});
