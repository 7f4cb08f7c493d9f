/**
 * Finds what a server.json lacks to be published, beyond its schema: what the official registry requires of publishers. An
 * entry of another registry is taken as it is.
 */
import type { InputIssue } from "../errors.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";

export const SERVER_SCHEMA_URL =
  "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
const REGISTRY_TYPES = ["npm", "pypi", "oci", "nuget", "mcpb"];

export function findPublishingFaults(server: JsonObject): InputIssue[] {
  return [
    ...findSchemaFaults(server),
    ...listMembers(server, "packages").flatMap(findPackageFaults),
    ...listMembers(server, "remotes").flatMap((remote, index) =>
      findVariableFaults(remote, `/remotes/${index}`, definedVariables(remote)),
    ),
  ];
}

function listMembers(parent: JsonObject, name: string): JsonObject[] {
  const list = getMember(parent, name);
  return Array.isArray(list) ? list.filter(isMembers) : [];
}

function findSchemaFaults(server: JsonObject): InputIssue[] {
  if (getMember(server, "$schema") === SERVER_SCHEMA_URL) return [];
  return [{ path: "/$schema", message: `must be ${SERVER_SCHEMA_URL}` }];
}

function findPackageFaults(item: JsonObject, index: number): InputIssue[] {
  const path = `/packages/${index}`;
  const type = getMember(item, "registryType");
  const faults: InputIssue[] = [];
  if (typeof type !== "string" || !REGISTRY_TYPES.includes(type)) {
    faults.push({ path: `${path}/registryType`, message: `must be one of ${REGISTRY_TYPES.join(", ")}` });
  }
  if (type === "mcpb" && typeof getMember(item, "fileSha256") !== "string") {
    faults.push({ path: `${path}/fileSha256`, message: "is required for a package of type mcpb" });
  }
  const transport = getMember(item, "transport");
  if (!isMembers(transport)) return faults;
  return [...faults, ...findVariableFaults(transport, `${path}/transport`, listVariables(item))];
}

const definedVariables = (remote: JsonObject): ReadonlySet<string> => {
  const variables = getMember(remote, "variables");
  return new Set(isMembers(variables) ? Object.keys(variables) : []);
};

/** The inputs of a package: its environment variables and arguments, by name or value hint. */
function listVariables(item: JsonObject): ReadonlySet<string> {
  const asked = ["environmentVariables", "runtimeArguments", "packageArguments"].flatMap((name) =>
    listMembers(item, name),
  );
  const names = asked.flatMap((each) => [getMember(each, "name"), getMember(each, "valueHint")]);
  return new Set(names.filter((name) => typeof name === "string"));
}

function findVariableFaults(place: JsonObject, path: string, known: ReadonlySet<string>): InputIssue[] {
  const url = getMember(place, "url");
  if (typeof url !== "string") return [];
  const names = Array.from(url.matchAll(/\{([^{}]{1,200})\}/g), ([, name = ""]) => name);
  return [...new Set(names)]
    .filter((name) => !known.has(name))
    .map((name) => ({ path: `${path}/url`, message: `references the undefined variable {${name}}` }));
}
