// `npm run test:names -- <before> [<after>]`: reports the tests that a change has lost. Each side is a commit, whose
// tests are listed without running them, or the JSON report of a run. A test that moved to another file is not lost.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { devDir, projectDir } from "../lib/paths.ts";
import { Problem, runMain } from "../lib/problem.ts";
import { createShutdown } from "./shutdown.ts";
import { missingNames, type NamedTest } from "./test-name-lists.ts";
import { startThrowAwayDatabase, type ThrowAwayDatabase } from "./throw-away-database.ts";

const listed = z.array(z.object({ name: z.string(), file: z.string() }));
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ ancestorTitles: z.array(z.string()), title: z.string() })),
    }),
  ),
});

await runMain(async () => {
  const [before, after = join(devDir(), "vitest.json")] = process.argv.slice(2);
  if (before === undefined) {
    throw new Problem(
      "npm run test:names -- <before> [<after>]: a commit or a JSON report each; after is the last run.",
      2,
    );
  }
  const shutdown = createShutdown();
  try {
    const names = { before: await load(before), after: await load(after) };
    const missing = missingNames(names.before, names.after);
    for (const { name, file } of missing) console.log(`missing: ${name} (was in ${file})`);
    console.log(
      `${names.before.length} tests before, ${names.after.length} after, ${missing.length} of those before are missing`,
    );
    return missing.length === 0 ? 0 : 1;
  } finally {
    await shutdown.run(0);
  }

  async function load(source: string): Promise<NamedTest[]> {
    if (existsSync(source)) return fromReport(source);
    return fromCommit(source, await startThrowAwayDatabase(shutdown));
  }
});

function fromReport(file: string): NamedTest[] {
  const { testResults } = report.parse(JSON.parse(readFileSync(file, "utf8")));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title }) => ({
      name: [...ancestorTitles, title].join(" > "),
      file: name,
    })),
  );
}

/** Loading a test file may need the database; no test runs. */
async function fromCommit(commit: string, database: ThrowAwayDatabase): Promise<NamedTest[]> {
  const dir = mkdtempSync(join(tmpdir(), "mcp-registry-gateway-names-"));
  const tree = join(dir, "tree");
  const list = join(dir, "names.json");
  try {
    await run("git", ["worktree", "add", "--detach", tree, commit], projectDir);
    symlinkSync(join(projectDir, "node_modules"), join(tree, "node_modules"));
    await run(join(projectDir, "node_modules", ".bin", "vitest"), ["list", `--json=${list}`], tree, {
      TEST_DATABASE_URL: database.ownerUrl,
      TEST_RUNTIME_URL: database.runtimeUrl,
      TEST_NEON_ENDPOINT: database.neonEndpoint,
    });
    return listed.parse(JSON.parse(readFileSync(list, "utf8")));
  } finally {
    spawnSync("git", ["worktree", "remove", "--force", tree], { cwd: projectDir });
    rmSync(dir, { recursive: true, force: true });
  }
}

// This process serves the database to what it runs, and so must not wait for it idly.
async function run(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<void> {
  const { CHROMIUM_PATH: _, ...rest } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...rest, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  if (code !== 0) throw new Problem(`${command} ${args.join(" ")} failed:\n${output}`);
}
