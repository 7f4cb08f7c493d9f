/** The form of a toolset, and how its texts become what the REST API takes. */
import { z } from "zod";
import type { FieldSpec } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";
import { serverOptions } from "../lookups/choices.ts";
import {
  formatMemberLine,
  MEMBER_HINT,
  parseMemberLine,
  type ServerLookup,
  toServerIds,
  toServerNames,
} from "./toolset-lines.ts";

type Row = Record<string, unknown>;

export const TOOLSET_FIELDS: readonly FieldSpec[] = [
  { name: "title", label: "Title", kind: "text", maxlength: 200 },
  {
    ...{ name: "slug", label: "Slug", kind: "text", maxlength: 63 },
    hint: "Used in the endpoint path /mcp/toolsets/{slug}. Lowercase letters, digits and hyphens.",
  },
  { name: "description", label: "Description", kind: "long", optional: true },
  {
    ...{ name: "instructions", label: "Instructions", kind: "long", optional: true },
    hint: "Sent to clients. Optional. Default: the instructions of the servers.",
  },
  { name: "members", label: "Members", kind: "lines", hint: MEMBER_HINT },
  {
    ...{ name: "overrides", label: "Overrides (JSON)", kind: "json", optional: true, empty: "omit" },
    initial: "[]",
    hint: 'For example [{"kind": "tool", "server": "files", "name": "read", "alias": "open", "description": "…", "parameters": {"root": {"value": "/"}, "limit": {"default": 10}, "debug": {"isHidden": true}}}].',
  },
  { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
];

const lines = z.array(z.unknown()).catch([]);

export async function toToolsetForm(row: Row, rest: ApiClient): Promise<Row> {
  const servers = await loadServers(rest);
  return {
    ...row,
    members: lines.parse(row.members).map((member) => formatMemberLine(member, servers)),
    overrides: toServerNames(row.overrides, servers),
  };
}

export async function fromToolsetForm(
  { members, overrides = [], ...body }: Row,
  rest: ApiClient,
): Promise<Row> {
  const servers = await loadServers(rest);
  return {
    ...body,
    members: lines.parse(members).map((line) => parseMemberLine(String(line), servers)),
    overrides: toServerIds(overrides, servers),
  };
}

async function loadServers(rest: ApiClient): Promise<ServerLookup> {
  const options = await serverOptions(rest);
  const ids = new Map(options.map(({ value, label }) => [label, value]));
  const names = new Map(options.map(({ value, label }) => [value, label]));
  return { idOf: (name) => ids.get(name), nameOf: (id) => names.get(id) };
}
