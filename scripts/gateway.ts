// `npm run gateway -- export [file] | diff file.yaml | apply file.yaml [--yes]`: a tenant's configuration as one file, over REST.
// `npm run gateway -- verify-audit [--anchor …]`: whether its audit log is as it was written.
// GATEWAY_URL says where, GATEWAY_API_KEY who; secrets that the file names are taken from the environment.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { connect, type GatewayClient, type Planned, type Verification } from "./gateway/client.ts";
import { readConfiguration } from "./gateway/file.ts";
import { formatPlan } from "./gateway/format-plan.ts";
import { errorCode, errorMessage, Problem, runMain } from "./lib/problem.ts";

const USAGE = `npm run gateway -- export [file]            Export the configuration to a file or stdout
npm run gateway -- diff file.yaml           Show the changes that apply would make (exit code 3 if any)
npm run gateway -- apply file.yaml [--yes]  Apply a configuration after confirmation
npm run gateway -- verify-audit [--anchor 12:ab…]  Verify the audit log chain (exit code 3 if inconsistent)`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args);
  const [command, file] = positionals;
  const gateway = connect(process.env);
  if (command === "export") {
    const text = await gateway.exported();
    if (file === undefined) process.stdout.write(text);
    else writeFileSync(file, text);
    return 0;
  }
  if (command === "verify-audit") return verifyAudit(gateway, values.anchor);
  if ((command !== "diff" && command !== "apply") || file === undefined) throw new Problem(USAGE, 2);
  const { document, secrets } = readConfiguration(readFileSync(file, "utf8"), process.env);
  const plan = await gateway.plan(document, secrets);
  for (const line of formatPlan(plan.changes)) console.log(line);
  if (plan.changes.length === 0) return 0;
  if (command === "diff") return 3;
  if (!values.yes && !(await isConfirmed(plan))) throw new Problem("Aborted. No changes applied.", 1);
  const { applied } = await gateway.apply(document, secrets, plan.hash);
  console.log(`Applied ${applied} ${applied === 1 ? "change" : "changes"}.`);
  return 0;
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { yes: { type: "boolean", default: false }, anchor: { type: "string" } },
    });
  } catch (error) {
    // An unknown option, or one without its value: node says which, and the usage says what there is.
    if (errorCode(error)?.startsWith("ERR_PARSE_ARGS_") !== true) throw error;
    throw new Problem(`${errorMessage(error)}\n${USAGE}`, 2);
  }
}

async function verifyAudit(gateway: GatewayClient, anchor: string | undefined): Promise<number> {
  const found = { checked: 0, faults: 0 };
  let last: string | null = null;
  for (let after: number | null = 0; after !== null; ) {
    const page: Verification = await gateway.verified(after, after === 0 ? anchor : undefined);
    for (const { message } of page.faults) console.log(message);
    found.checked += page.checked;
    found.faults += page.faults.length;
    last = page.anchor ?? last;
    after = page.next;
  }
  const entries = `${found.checked} ${found.checked === 1 ? "entry" : "entries"}`;
  if (found.faults > 0) {
    console.log(`${entries} verified, ${found.faults} ${found.faults === 1 ? "error" : "errors"}.`);
    return 3;
  }
  console.log(`${entries} verified, no errors.`);
  if (last !== null) console.log(`Anchor (store outside the gateway): ${last}`);
  return 0;
}

async function isConfirmed({ changes }: Planned): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Problem("Not a terminal: pass --yes to confirm.", 2);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(`Apply ${changes.length} changes? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

if (import.meta.main) await runMain(() => main(process.argv.slice(2)));
