/**
 * server.json, the ecosystem's description of a server: held against the published schema, and against what the
 * schema says in words only. https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
 */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { InputIssue } from "../errors.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { isMembers, memberOf } from "../mcp/json-text.ts";
import published from "./server.schema.json" with { type: "json" };
import { isVersionRange } from "./versions.ts";

export const SERVER_SCHEMA: Schema = published;

/** The one member of `_meta` that publishers may write, and how much. */
export const PUBLISHER_META = "io.modelcontextprotocol.registry/publisher-provided";
const MOST_PUBLISHER_BYTES = 4096;

export interface ServerJson extends JsonObject {
  readonly name: string;
  readonly description: string;
  readonly version: string;
}

export type ServerJsonVerdict =
  | { readonly ok: true; readonly server: ServerJson }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

const validator = new Validator(SERVER_SCHEMA, "7", false);
const MOST_ISSUES = 20;

export function readServerJson(value: unknown): ServerJsonVerdict {
  const { valid, errors } = validator.validate(value);
  if (!valid || !isServerJson(value)) {
    // Of what a fault inside is reported for its surroundings too, the innermost says most.
    const issues = errors.map(({ instanceLocation, error }) => ({
      path: instanceLocation.replace(/^#/, ""),
      message: error,
    }));
    const deepest = issues.toSorted((a, b) => depth(b.path) - depth(a.path)).slice(0, MOST_ISSUES);
    return { ok: false, issues: deepest };
  }
  const issues = [...faultsOfVersions(value), ...faultsOfMeta(value)];
  return issues.length === 0 ? { ok: true, server: value } : { ok: false, issues };
}

const depth = (path: string) => path.split("/").length;

function isServerJson(value: unknown): value is ServerJson {
  const isText = (member: string) => isMembers(value) && typeof memberOf(value, member) === "string";
  return isText("name") && isText("description") && isText("version");
}

function faultsOfVersions(server: ServerJson): InputIssue[] {
  const packages = memberOf(server, "packages");
  const versions: [path: string, version: unknown][] = [
    ["/version", server.version],
    ...(Array.isArray(packages) ? packages : []).map((item: unknown, index): [string, unknown] => [
      `/packages/${index}/version`,
      isMembers(item) ? memberOf(item, "version") : undefined,
    ]),
  ];
  return versions.flatMap(([path, version]) =>
    typeof version === "string" && isVersionRange(version)
      ? { path, message: "names no single version" }
      : [],
  );
}

function faultsOfMeta(server: ServerJson): InputIssue[] {
  const meta = memberOf(server, "_meta");
  const given = isMembers(meta) ? memberOf(meta, PUBLISHER_META) : undefined;
  const bytes = given === undefined ? 0 : new TextEncoder().encode(JSON.stringify(given)).length;
  if (bytes <= MOST_PUBLISHER_BYTES) return [];
  const path = `/_meta/${PUBLISHER_META.replaceAll("/", "~1")}`;
  return [{ path, message: `is longer than ${MOST_PUBLISHER_BYTES} bytes` }];
}

/** As it is stored: without what a publisher has no say in. */
export function withoutForeignMeta(server: ServerJson): ServerJson {
  const meta = memberOf(server, "_meta");
  if (!isMembers(meta)) return server;
  const { _meta, ...rest } = server;
  const given = memberOf(meta, PUBLISHER_META);
  return {
    ...rest,
    name: server.name,
    description: server.description,
    version: server.version,
    ...(given !== undefined && { _meta: { [PUBLISHER_META]: given } }),
  };
}
