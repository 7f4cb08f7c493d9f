// whoami: the organization, the role and the scopes of the key.
import { z } from "zod";
import { type Command, readOptions } from "../command.ts";
import { askGateway } from "../gateway-client.ts";
import { GATEWAY_HELP, GATEWAY_OPTIONS, readGatewayOptions } from "../gateway-options.ts";
import { formatTable, JSON_HELP, JSON_OPTION } from "../print.ts";

const HELP = `mcp-gateway whoami [--json]

Shows the organization, role and scopes of the key.

${GATEWAY_HELP}
${JSON_HELP}`;

const principal = z.looseObject({
  tenantId: z.string(),
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  role: z.string(),
  scopes: z.array(z.string()),
});

export const whoamiCommand: Command = {
  name: "whoami",
  summary: "Show the organization, role and scopes of the key",
  help: HELP,
  async run(args) {
    const { values } = readOptions(args, { ...GATEWAY_OPTIONS, ...JSON_OPTION } as const, HELP);
    const gateway = readGatewayOptions(values, process.env);
    const me = principal.parse(JSON.parse(await askGateway(gateway, "/me")));
    if (values.json) console.log(JSON.stringify(me, null, 2));
    else
      console.log(
        formatTable([{ gateway: gateway.url, ...me }], ["gateway", "tenantId", "role", "scopes", "apiKeyId"]),
      );
    return 0;
  },
};
