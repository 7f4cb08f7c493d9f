/**
 * server.json, the ecosystem's description of a server: held against the published schema, and against what the
 * schema describes in text only. https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
 */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { InputIssue } from "../errors.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";
import published from "./server.schema.json" with { type: "json" };
import { isVersionRange } from "./versions.ts";

export const SERVER_SCHEMA: Schema = published;

/** The one member of `_meta` that publishers may write, and how much. */
const PUBLISHER_META = "io.modelcontextprotocol.registry/publisher-provided";
const MAX_PUBLISHER_BYTES = 4096;

export interface ServerJson extends JsonObject {
  readonly name: string;
  readonly description: string;
  readonly version: string;
}

export type ServerJsonResult =
  | { readonly ok: true; readonly server: ServerJson }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

const validator = new Validator(SERVER_SCHEMA, "7", false);
const MAX_ISSUES = 20;

export function parseServerJson(value: unknown): ServerJsonResult {
  const { valid, errors } = validator.validate(value);
  if (!valid || !isServerJson(value)) {
    // A fault is also reported for what contains it; the innermost message is the most specific.
    const issues = errors.map(({ instanceLocation, error }) => ({
      path: instanceLocation.replace(/^#/, ""),
      message: error,
    }));
    const deepest = issues.toSorted((a, b) => depth(b.path) - depth(a.path)).slice(0, MAX_ISSUES);
    return { ok: false, issues: deepest };
  }
  const issues = [...findVersionFaults(value), ...findMetaFaults(value)];
  return issues.length === 0 ? { ok: true, server: value } : { ok: false, issues };
}

const depth = (path: string) => path.split("/").length;

function isServerJson(value: unknown): value is ServerJson {
  const isText = (member: string) => isMembers(value) && typeof getMember(value, member) === "string";
  return isText("name") && isText("description") && isText("version");
}

function findVersionFaults(server: ServerJson): InputIssue[] {
  const packages = getMember(server, "packages");
  const versions: [path: string, version: unknown][] = [
    ["/version", server.version],
    ...(Array.isArray(packages) ? packages : []).map((item: unknown, index): [string, unknown] => [
      `/packages/${index}/version`,
      isMembers(item) ? getMember(item, "version") : undefined,
    ]),
  ];
  return versions.flatMap(([path, version]) =>
    typeof version === "string" && isVersionRange(version)
      ? { path, message: "must be a single version" }
      : [],
  );
}

function findMetaFaults(server: ServerJson): InputIssue[] {
  const meta = getMember(server, "_meta");
  const given = isMembers(meta) ? getMember(meta, PUBLISHER_META) : undefined;
  const bytes = given === undefined ? 0 : new TextEncoder().encode(JSON.stringify(given)).length;
  if (bytes <= MAX_PUBLISHER_BYTES) return [];
  const path = `/_meta/${PUBLISHER_META.replaceAll("/", "~1")}`;
  return [{ path, message: `must be at most ${MAX_PUBLISHER_BYTES} bytes` }];
}

/** As it is stored: without members that a publisher cannot set. */
export function removeForeignMeta(server: ServerJson): ServerJson {
  const meta = getMember(server, "_meta");
  if (!isMembers(meta)) return server;
  const { _meta, ...rest } = server;
  const given = getMember(meta, PUBLISHER_META);
  return {
    ...rest,
    name: server.name,
    description: server.description,
    version: server.version,
    ...(given !== undefined && { _meta: { [PUBLISHER_META]: given } }),
  };
}
