/** Ready configurations of well-known MCP clients: each as a file or a command, with and without a key. */
import { LATEST_MODERN } from "../../core/mcp/revisions.ts";

export interface Endpoint {
  readonly url: string;
  /** What the entry is called in the client. */
  readonly name: string;
  /** Without one the client signs in by itself, where it can. */
  readonly key: string | undefined;
}

export interface Client {
  readonly id: string;
  readonly label: string;
  /** Where it goes. */
  readonly place: string;
  /** Others sign people in by themselves (OAuth), and may have a key instead. */
  readonly needsKey?: true;
  /** Has no place for a key. */
  readonly signsInOnly?: true;
  /** A link that adds the server to the client in one click. */
  readonly install?: (endpoint: Endpoint) => string;
  readonly write: (endpoint: Endpoint) => string;
}

/** What mcp-remote takes the key from. */
const VARIABLE = "GATEWAY_KEY";

const json = (value: unknown) => JSON.stringify(value, null, 2);

const headers = ({ key }: Endpoint) =>
  key === undefined ? {} : { headers: { Authorization: `Bearer ${key}` } };

/** In single quotes, as POSIX shells read it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const toml = (text: string) => JSON.stringify(text);

/** JSON in characters that `btoa` takes. */
const toAscii = (text: string) =>
  text.replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Needs no session: one request that any HTTP client can send. */
const LIST_TOOLS = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/list",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": LATEST_MODERN,
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
};

export const CLIENTS: readonly Client[] = [
  {
    id: "claude-code",
    label: "Claude Code",
    place: "In a terminal",
    write: ({ name, url, key }) =>
      [
        `claude mcp add --transport http ${name} ${quoted(url)}`,
        ...(key === undefined ? [] : [`  --header ${quoted(`Authorization: Bearer ${key}`)}`]),
      ].join(" \\\n"),
  },
  {
    id: "claude",
    label: "Claude (web and desktop)",
    place: "Settings → Connectors → Add custom connector: enter this URL",
    signsInOnly: true,
    write: ({ url }) => url,
  },
  {
    id: "vscode",
    label: "VS Code",
    place: ".vscode/mcp.json, or the command MCP: Open User Configuration",
    install: (endpoint) =>
      `vscode:mcp/install?${encodeURIComponent(
        JSON.stringify({ name: endpoint.name, type: "http", url: endpoint.url, ...headers(endpoint) }),
      )}`,
    write: (endpoint) =>
      json({ servers: { [endpoint.name]: { type: "http", url: endpoint.url, ...headers(endpoint) } } }),
  },
  {
    id: "cursor",
    label: "Cursor",
    place: "~/.cursor/mcp.json, or .cursor/mcp.json in a project",
    install: (endpoint) => {
      const config = btoa(toAscii(JSON.stringify({ url: endpoint.url, ...headers(endpoint) })));
      return `cursor://anysphere.cursor-deeplink/mcp/install?${new URLSearchParams({ name: endpoint.name, config })}`;
    },
    write: (endpoint) =>
      json({ mcpServers: { [endpoint.name]: { url: endpoint.url, ...headers(endpoint) } } }),
  },
  {
    id: "codex",
    label: "Codex",
    place: "~/.codex/config.toml",
    write: ({ name, url, key }) =>
      [
        `[mcp_servers.${name}]`,
        `url = ${toml(url)}`,
        ...(key === undefined ? [] : [`http_headers = { Authorization = ${toml(`Bearer ${key}`)} }`]),
      ].join("\n"),
  },
  {
    id: "gemini",
    label: "Gemini CLI",
    place: "~/.gemini/settings.json",
    write: (endpoint) =>
      json({ mcpServers: { [endpoint.name]: { httpUrl: endpoint.url, ...headers(endpoint) } } }),
  },
  {
    id: "windsurf",
    label: "Windsurf",
    place: "~/.codeium/windsurf/mcp_config.json",
    write: (endpoint) =>
      json({ mcpServers: { [endpoint.name]: { serverUrl: endpoint.url, ...headers(endpoint) } } }),
  },
  {
    id: "stdio",
    label: "stdio-only clients",
    place: "Through the mcp-remote adapter",
    write: ({ name, url, key }) =>
      json({
        mcpServers: {
          [name]: {
            command: "npx",
            args: [
              "-y",
              "mcp-remote",
              url,
              // Some clients tear arguments apart at spaces, so the space stands in the variable.
              ...(key === undefined ? [] : ["--header", `Authorization:\${${VARIABLE}}`]),
            ],
            ...(key !== undefined && { env: { [VARIABLE]: `Bearer ${key}` } }),
          },
        },
      }),
  },
  {
    id: "http",
    label: "Other clients",
    place: "Streamable HTTP request",
    needsKey: true,
    write: ({ url, key }) =>
      [
        `curl ${quoted(url)}`,
        ...(key === undefined ? [] : [`  -H ${quoted(`Authorization: Bearer ${key}`)}`]),
        `  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream'`,
        `  -H 'MCP-Protocol-Version: ${LATEST_MODERN}' -H 'Mcp-Method: tools/list'`,
        `  -d ${quoted(JSON.stringify(LIST_TOOLS))}`,
      ].join(" \\\n"),
  },
];
