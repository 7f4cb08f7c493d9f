// The MCP servers of a client's configuration file: `mcpServers` (Claude Desktop, Cursor and most others) or `servers`
// (VS Code), as what a gateway can register.
import { z } from "zod";
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";

const entry = z.looseObject({
  type: z.string().optional(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  command: z.string().optional(),
  args: z.array(z.string()).default([]),
});
type Entry = z.output<typeof entry>;

const entries = z.record(z.string(), z.unknown());
const configuration = z.union([
  z.looseObject({ mcpServers: entries }).transform(({ mcpServers }) => mcpServers),
  z.looseObject({ servers: entries }).transform(({ servers }) => servers),
  z.looseObject({ mcp: z.looseObject({ servers: entries }) }).transform(({ mcp }) => mcp.servers),
]);

export type ImportedAuth =
  | { readonly type: "none" }
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "header"; readonly name: string; readonly value: string };

export interface ImportedServer {
  readonly name: string;
  readonly endpointUrl: string;
  readonly transportType: "http" | "sse" | "websocket";
  readonly auth: ImportedAuth;
}

export type ImportItem =
  | { readonly kind: "server"; readonly server: ImportedServer; readonly note?: string }
  /** A program: it joins by a connector. */
  | { readonly kind: "program"; readonly name: string; readonly command: readonly string[] }
  | { readonly kind: "skipped"; readonly name: string; readonly reason: string };

/** The environment holds the values of `${NAME}` and `${env:NAME}`. */
export function parseClientConfiguration(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly ImportItem[] {
  const found = configuration.safeParse(parseJson(text));
  if (!found.success) throw new Problem("The file has no mcpServers or servers.", EXIT_USAGE);
  return Object.entries(found.data).map(([name, value]) => {
    const parsed = entry.safeParse(value);
    if (!parsed.success) return { kind: "skipped", name, reason: "has neither url nor command" };
    return toItem(name, parsed.data, environment);
  });
}

/** VS Code allows comments in lines of their own, and commas after the last member. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, "").replaceAll(/,(?=\s*[}\]])/g, ""));
  } catch {
    throw new Problem("The file is not valid JSON.", EXIT_USAGE);
  }
}

function toItem(
  name: string,
  { type, url, headers, command, args }: Entry,
  environment: NodeJS.ProcessEnv,
): ImportItem {
  if (command !== undefined) return { kind: "program", name, command: [command, ...args] };
  if (url === undefined) return { kind: "skipped", name, reason: "has neither url nor command" };
  const expanded = Object.entries(headers).map(
    ([header, value]) => [header, expand(value, environment)] as const,
  );
  const unknown = expanded.find(([, value]) => value === undefined);
  if (unknown !== undefined) {
    return {
      kind: "skipped",
      name,
      reason: `header ${unknown[0]} refers to a value that is not in the environment`,
    };
  }
  const server = { name, endpointUrl: url, transportType: toTransport(type, url) };
  const [first, second] = expanded;
  if (first === undefined) return { kind: "server", server: { ...server, auth: { type: "none" } } };
  if (second !== undefined) {
    const note = "has several headers: set its credentials in the admin UI";
    return { kind: "server", server: { ...server, auth: { type: "none" } }, note };
  }
  return { kind: "server", server: { ...server, auth: toAuth(first[0], first[1] ?? "") } };
}

function toTransport(type: string | undefined, url: string): ImportedServer["transportType"] {
  if (/^wss?:/i.test(url)) return "websocket";
  return type === "sse" ? "sse" : "http";
}

function toAuth(name: string, value: string): ImportedAuth {
  const token = /^Bearer\s+(\S+)$/i.exec(value)?.[1];
  if (name.toLowerCase() === "authorization" && token !== undefined) return { type: "bearer", token };
  return { type: "header", name, value };
}

/** Undefined where a value is not known. */
function expand(text: string, environment: NodeJS.ProcessEnv): string | undefined {
  let isKnown = true;
  const expanded = text.replaceAll(/\$\{(?:env:)?([^}]*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) isKnown = false;
    return value ?? "";
  });
  return isKnown ? expanded : undefined;
}
