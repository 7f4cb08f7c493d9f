// The output of `npm run dev` when it is ready: a block of text, or one line of JSON for scripts.

export type Ready = {
  databaseUrl: string;
  mcpUrl: string;
  adminUrl: string;
  apiKey: string;
  login: { email: string; password: string };
  tenant: string;
};

export function readyLine(ready: Ready): string {
  const { databaseUrl, mcpUrl, adminUrl, apiKey, login, tenant } = ready;
  return JSON.stringify({ databaseUrl, mcpUrl, adminUrl, apiKey, login, tenant });
}

export function readyBlock(ready: Ready, seconds: number): string {
  return `
The gateway is ready (${seconds.toFixed(1)} s), tenant ${ready.tenant}.

  Admin UI      ${ready.adminUrl}
                ${ready.login.email}  ${ready.login.password}
  Dev mailbox   ${new URL("/dev/mailbox", ready.adminUrl)}
  MCP endpoint  ${ready.mcpUrl}
  API key       ${ready.apiKey}
  Database      psql "${ready.databaseUrl}"

Configuration for an MCP client:

${JSON.stringify(clientConfiguration(ready), null, 2)}

Press Ctrl-C to stop.
`;
}

function clientConfiguration(ready: Ready) {
  const headers = { Authorization: `Bearer ${ready.apiKey}` };
  return { mcpServers: { gateway: { type: "http", url: ready.mcpUrl, headers } } };
}
