/** How to reach the server of a server.json: its address and header with the user's answers filled in. */
import type { InputIssue } from "../errors.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";

export interface RemoteTarget {
  readonly transport: "http" | "sse";
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export type FilledRemote =
  | { readonly ok: true; readonly remote: RemoteTarget }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

export interface RemoteInputs {
  /** For `{names}` in addresses. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whole values of headers, by name. */
  readonly headers: Readonly<Record<string, string>>;
}

const TRANSPORTS = { "streamable-http": "http", sse: "sse" } as const;

/** The newer transport before the older one; undefined where it only runs as a program. */
export function findRemote(server: JsonObject): JsonObject | undefined {
  const remotes = getMember(server, "remotes");
  const known = Array.isArray(remotes) ? remotes.filter(isMembers) : [];
  const ofType = (type: string) => known.find((remote) => getMember(remote, "type") === type);
  return ofType("streamable-http") ?? ofType("sse");
}

export function fillRemote(remote: JsonObject, answers: RemoteInputs): FilledRemote {
  const issues: InputIssue[] = [];
  const variables = getMember(remote, "variables");
  const url = fill(String(getMember(remote, "url")), variables, answers.variables, "/variables", issues);
  const given = new Map(Object.entries(answers.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const headers = getMember(remote, "headers");
  const filled = (Array.isArray(headers) ? headers.filter(isMembers) : []).flatMap((header) => {
    const name = String(getMember(header, "name"));
    const value = given.get(name.toLowerCase()) ?? resolveHeader(header, answers.variables, issues);
    given.delete(name.toLowerCase());
    if (value !== undefined && value !== "") return [[name, value] as const];
    if (getMember(header, "isRequired") === true)
      issues.push({ path: `/headers/${name}`, message: "is required" });
    return [];
  });
  const own = [...given].map(([name, value]) => [name, value] as const);
  const transport = getMember(remote, "type") === "sse" ? TRANSPORTS.sse : TRANSPORTS["streamable-http"];
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, remote: { transport, url, headers: [...filled, ...own] } };
}

function resolveHeader(
  header: JsonObject,
  given: RemoteInputs["variables"],
  issues: InputIssue[],
): string | undefined {
  const value = getMember(header, "value") ?? getMember(header, "default");
  if (typeof value !== "string") return undefined;
  return fill(value, getMember(header, "variables"), given, "/variables", issues);
}

/** What stands in braces and is described nowhere stays as it is. */
function fill(
  template: string,
  described: unknown,
  given: Readonly<Record<string, string>>,
  path: string,
  issues: InputIssue[],
): string {
  return template.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const variable = isMembers(described) ? getMember(described, name) : undefined;
    const definition = isMembers(variable) ? variable : {};
    const fixed = getMember(definition, "value");
    const usual = getMember(definition, "default");
    const answer = Object.hasOwn(given, name) ? given[name] : undefined;
    const value =
      typeof fixed === "string" ? fixed : (answer ?? (typeof usual === "string" ? usual : undefined));
    if (value === undefined) {
      if (isMembers(variable) || answer === undefined)
        issues.push({ path: `${path}/${name}`, message: "is required" });
      return whole;
    }
    const choices = getMember(definition, "choices");
    if (Array.isArray(choices) && choices.length > 0 && !choices.includes(value)) {
      issues.push({ path: `${path}/${name}`, message: `must be one of ${choices.join(", ").slice(0, 200)}` });
    }
    return value;
  });
}
