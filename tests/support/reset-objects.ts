/** Empties every Durable Object before each test file: the files of a project share one workerd. */
import { reset } from "cloudflare:test";
import { beforeAll } from "vitest";

beforeAll(() => reset());
