// `npm run gateway -- export [file] | diff file.yaml | apply file.yaml [--yes]`: a tenant's configuration as one file, over REST.
// GATEWAY_URL says where, GATEWAY_API_KEY who; secrets that the file names are taken from the environment.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { connect, type Planned } from "./gateway/client.ts";
import { readConfiguration } from "./gateway/file.ts";
import { told } from "./gateway/told.ts";
import { Problem, runMain } from "./lib/problem.ts";

const USAGE = `npm run gateway -- export [file]          writes the configuration to a file, or here
npm run gateway -- diff file.yaml         says what applying it would change; exit code 3 if anything
npm run gateway -- apply file.yaml [--yes]  changes it, after asking`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { yes: { type: "boolean", default: false } },
  });
  const [command, file] = positionals;
  const gateway = connect(process.env);
  if (command === "export") {
    const text = await gateway.exported();
    if (file === undefined) process.stdout.write(text);
    else writeFileSync(file, text);
    return 0;
  }
  if ((command !== "diff" && command !== "apply") || file === undefined) throw new Problem(USAGE, 2);
  const { document, secrets } = readConfiguration(readFileSync(file, "utf8"), process.env);
  const plan = await gateway.plan(document, secrets);
  for (const line of told(plan.changes)) console.log(line);
  if (plan.changes.length === 0) return 0;
  if (command === "diff") return 3;
  if (!values.yes && !(await isConfirmed(plan))) throw new Problem("Nothing was changed.", 1);
  const { applied } = await gateway.apply(document, secrets, plan.hash);
  console.log(`Made ${applied} ${applied === 1 ? "change" : "changes"}.`);
  return 0;
}

async function isConfirmed({ changes }: Planned): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Problem("Nobody is here to confirm: say --yes.", 2);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(?:es)?$/i.test(
      (await terminal.question(`Make these ${changes.length} changes? [y/N] `)).trim(),
    );
  } finally {
    terminal.close();
  }
}

if (import.meta.main) await runMain(() => main(process.argv.slice(2)));
