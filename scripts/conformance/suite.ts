// Runs the published conformance suite as its users do, by its command line, and reads what it wrote down. Its own
// summary is not enough: it forgives warnings and whatever it does not score.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { projectDir } from "../lib/paths.ts";
import { Problem } from "../lib/problem.ts";

export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

export interface Check {
  id: string;
  status: string;
  message: string | undefined;
}

export interface ScenarioResult {
  scenario: string;
  checks: Check[];
}

/** Scenarios of extensions that are in no requirement set; the suite runs them only by name. */
const EXTRAS: Record<Revision, string[]> = {
  "2025-11-25": [],
  "2026-07-28": ["sep-2640-skills-directory", "sep-2640-skills-enumeration", "sep-2640-skills-manifest"],
};

const checksFile = z.array(
  z.looseObject({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }),
);

const cli = join(projectDir, "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js");

/** What a client does; authorization is the client's own affair and not the gateway's. */
const CLIENT_SCENARIOS: Record<Revision, string[]> = {
  "2025-11-25": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"],
  "2026-07-28": [
    "tools_call",
    "request-metadata",
    "sep-2322-client-request-state",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "json-schema-ref-no-deref",
    "json-schema-2020-12-preservation",
  ],
};

export interface ClientSuiteRun {
  /** For the driver that the suite starts as the client. */
  variables: Record<string, string>;
  revision: Revision;
  scenario: string | undefined;
  verbose: boolean;
}

/** The suite plays the server: whatever it sees, the gateway sent. */
export async function runClientSuite(run: ClientSuiteRun): Promise<ScenarioResult[]> {
  const { variables, revision, scenario, verbose } = run;
  const dir = mkdtempSync(join(tmpdir(), "conformance-"));
  const driver = join(projectDir, "scripts", "conformance", "client-driver.ts");
  const command = `${process.execPath} ${driver}`;
  const scenarios = CLIENT_SCENARIOS[revision].filter((name) => scenario === undefined || name === scenario);
  try {
    for (const name of scenarios) {
      const args = ["client", "--command", command, "--scenario", name, "--spec-version", revision];
      await runCli([...args, "--output-dir", dir], verbose, variables);
    }
    return collect(dir, scenarios);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface SuiteRun {
  url: string;
  revision: Revision;
  scenario: string | undefined;
  verbose: boolean;
}

export async function runSuite({ url, revision, scenario, verbose }: SuiteRun): Promise<ScenarioResult[]> {
  const dir = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const base = ["server", "--url", url, "--output-dir", dir];
    const runs =
      scenario === undefined
        ? [["--requirements", revision], ...EXTRAS[revision].map((name) => byName(name, revision))]
        : [byName(scenario, revision)];
    const announced: string[] = [];
    for (const args of runs) announced.push(...(await runCli([...base, ...args], verbose)));
    return collect(dir, announced);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function byName(scenario: string, revision: Revision): string[] {
  // Extensions are on no revision's list, so the suite requires `--force`; they are of the modern era only.
  const isExtension = scenario.startsWith("tasks-") || scenario.startsWith("sep-2640-");
  const force = isExtension && revision === "2026-07-28" ? ["--force"] : [];
  return ["--scenario", scenario, "--spec-version", revision, ...force];
}

function runCli(args: string[], verbose: boolean, variables: Record<string, string> = {}): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...variables },
    });
    let output = "";
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      if (verbose) process.stderr.write(chunk);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === null) reject(new Error(`The suite was stopped by ${signal}.\n${output}`));
      else if (/Unknown scenario/.test(output)) reject(new Problem("The suite does not have this scenario."));
      else if (args.includes("--requirements") && !output.includes("=== SUMMARY ===")) {
        reject(new Error(`The suite exited before it finished.\n${output}`));
      } else resolve(announcedIn(output, args));
    });
  });
}

/** The suite names the scenarios of a set as it runs them; one that was requested by name it only names to skip it. */
function announcedIn(output: string, args: string[]): string[] {
  const asked = args[args.indexOf("--scenario") + 1];
  if (args.includes("--scenario") && asked !== undefined) {
    return output.includes("SKIPPED: scenario") ? [] : [asked];
  }
  return [...output.matchAll(/^=== Running scenario: (\S+) ===$/gm)].map((match) => match[1] ?? "");
}

/** A scenario that was announced and left nothing behind did not run, and must not be taken for one that passed. */
function collect(dir: string, announced: string[]): ScenarioResult[] {
  const results = new Map<string, ScenarioResult>(
    announced.map((scenario) => [scenario, { scenario, checks: [] }]),
  );
  for (const name of readdirSync(dir)) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    const file = join(dir, name, "checks.json");
    if (scenario === undefined || !existsSync(file)) continue;
    const entries = checksFile.parse(JSON.parse(readFileSync(file, "utf8")));
    const checks = entries.map(({ id, status, errorMessage }) => ({ id, status, message: errorMessage }));
    results.set(scenario, { scenario, checks });
  }
  return [...results.values()];
}
