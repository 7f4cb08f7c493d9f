/** Bindings that only the tests have; see vitest.config.ts. */
declare namespace Cloudflare {
  interface Env {
    TEST_OWNER_URL: string;
    TEST_FACTOR: string;
    DATABASE_URL: string;
    NEON_ENDPOINT: string;
    BETTER_AUTH_SECRET: string;
  }
}
