// verify-audit: whether the audit log of an organization is as it was written.
import { type Command, EXIT_DIFFERENT, readOptions } from "./command.ts";
import { connect, type Verification } from "./gateway-client.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "./gateway-options.ts";

const HELP = `mcp-gateway verify-audit [--anchor ANCHOR] [--json]

Verifies the audit log chain. Exit code 3 if it is inconsistent.

${GATEWAY_HELP}
  --anchor ANCHOR  Anchor of an earlier verification, kept outside the gateway
  --json           Print the result as JSON

Example
  mcp-gateway verify-audit --anchor 12:ab34…`;

export const verifyAuditCommand: Command = {
  name: "verify-audit",
  summary: "Verify the audit log chain",
  help: HELP,
  async run(args) {
    const options = {
      ...GATEWAY_OPTIONS,
      anchor: { type: "string" },
      json: { type: "boolean", default: false },
    } as const;
    const { values } = readOptions(args, options, HELP);
    const gateway = connect(readGatewayOptions(values, process.env));
    const faults: string[] = [];
    let checked = 0;
    let anchor: string | null = null;
    for (let after: number | null = 0; after !== null; ) {
      const page: Verification = await gateway.verified(after, after === 0 ? values.anchor : undefined);
      faults.push(...page.faults.map(({ message }) => message));
      checked += page.checked;
      anchor = page.anchor ?? anchor;
      after = page.next;
    }
    if (values.json) console.log(JSON.stringify({ checked, faults, anchor }, null, 2));
    else printResult(checked, faults, anchor);
    return faults.length > 0 ? EXIT_DIFFERENT : 0;
  },
};

function printResult(checked: number, faults: readonly string[], anchor: string | null): void {
  for (const message of faults) console.log(message);
  const entries = `${checked} ${checked === 1 ? "entry" : "entries"}`;
  const errors = `${faults.length} ${faults.length === 1 ? "error" : "errors"}`;
  console.log(`${entries} verified, ${faults.length === 0 ? "no errors" : errors}.`);
  if (faults.length === 0 && anchor !== null) console.log(`Anchor (store outside the gateway): ${anchor}`);
}
