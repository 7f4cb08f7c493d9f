/** Empties every Durable Object before each test file: the files of a project share one workerd. */
import { reset } from "cloudflare:test";
import { beforeAll } from "vitest";
// Evaluated once, before any test: as an import on demand they would be transformed and evaluated within a test's time.
import "../../src/gateway-storage.ts";
import "../../src/identity/oauth/access-tokens.ts";

beforeAll(() => reset());
