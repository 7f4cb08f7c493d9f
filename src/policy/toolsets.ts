/** The schemas of a toolset's members and overrides, and the toolsets of a snapshot. */
import { z } from "zod";
import { compilePattern, MAX_PATTERN_LENGTH } from "../core/access/patterns.ts";
import { cutCatalog, type ToolsetParts } from "../core/toolsets/cut-catalog.ts";
import { listSelectedServers } from "../core/toolsets/select-items.ts";
import { type ItemOverride, TOOLSET_KINDS, type ToolsetMember } from "../core/toolsets/toolset.ts";
import type { ToolsetRow } from "../db/queries/tenants/load-tenant.ts";
import type { SnapshotToolset } from "./snapshot.ts";

const MAX_MEMBERS = 500;
const MAX_OVERRIDES = 1000;
const MAX_PARAMETERS = 100;
const MAX_VALUE_CHARACTERS = 10_000;

const hints = z.strictObject({
  readOnlyHint: z.boolean().optional(),
  destructiveHint: z.boolean().optional(),
  idempotentHint: z.boolean().optional(),
  openWorldHint: z.boolean().optional(),
});

const serverId = z.uuid("must be the ID of a server");

const pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_LENGTH)
  .refine((text) => compilePattern(text) !== undefined, "has an unbalanced brace or trailing backslash");

const member = z
  .strictObject({
    kind: z.enum(TOOLSET_KINDS),
    isExcluded: z.boolean().optional(),
    serverId: serverId.optional(),
    pattern: pattern.optional(),
    serverTags: z.array(z.string().min(1).max(100)).min(1).max(50).optional(),
    hints: hints.optional(),
  })
  .refine(({ kind, hints: given }) => kind === "tool" || given === undefined, {
    path: ["hints"],
    message: "applies to tools only",
  });

const value = z.unknown().refine((given) => (JSON.stringify(given) ?? "").length <= MAX_VALUE_CHARACTERS, {
  message: `must be at most ${MAX_VALUE_CHARACTERS} characters of JSON`,
});

const parameter = z
  .strictObject({
    value: value.optional(),
    default: value.optional(),
    isHidden: z.boolean().optional(),
    description: z.string().max(5000).optional(),
  })
  .refine((given) => given.value === undefined || given.default === undefined, {
    path: ["default"],
    message: "cannot be combined with a fixed value",
  })
  .refine((given) => given.isHidden !== true || given.default === undefined, {
    path: ["default"],
    message: "cannot be combined with isHidden; use a fixed value",
  });

const override = z
  .strictObject({
    kind: z.enum(TOOLSET_KINDS),
    serverId,
    name: z.string().min(1).max(2000),
    alias: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,128}$/, "must contain only letters, digits, dots, hyphens and underscores")
      .optional(),
    title: z.string().min(1).max(200).optional(),
    description: z.string().min(1).max(5000).optional(),
    hints: hints.optional(),
    parameters: z
      .record(z.string().min(1).max(200), parameter)
      .refine((given) => Object.keys(given).length <= MAX_PARAMETERS, `must have at most ${MAX_PARAMETERS}`)
      .optional(),
  })
  .refine(({ kind, alias }) => kind !== "resource" || alias === undefined, {
    path: ["alias"],
    message: "cannot be set for a resource: its URI is its name",
  })
  .refine(({ kind, hints: given, parameters }) => kind === "tool" || (given ?? parameters) === undefined, {
    path: ["parameters"],
    message: "applies to tools only",
  });

const distinct = (key: (item: z.output<typeof override>) => string | undefined, message: string) =>
  [
    (items: readonly z.output<typeof override>[]) => {
      const keys = items.flatMap((item) => key(item) ?? []);
      return new Set(keys).size === keys.length;
    },
    message,
  ] as const;

export const toolsetMembers = z.array(member).max(MAX_MEMBERS);
export const toolsetOverrides = z
  .array(override)
  .max(MAX_OVERRIDES)
  .refine(
    ...distinct(
      ({ kind, serverId, name }) => JSON.stringify([kind, serverId, name]),
      "must contain one override per item",
    ),
  )
  .refine(
    ...distinct(
      ({ kind, alias }) => (alias === undefined ? undefined : JSON.stringify([kind, alias])),
      "must use each alias once",
    ),
  );

/** What cannot be read selects nothing. Members and overrides are parsed by the first request for the toolset. */
export function compileToolsets(rows: readonly ToolsetRow[]): ReadonlyMap<string, SnapshotToolset> {
  return new Map(rows.map((row) => [row.slug, compileToolset(row)]));
}

function compileToolset({ members, overrides, ...row }: ToolsetRow): SnapshotToolset {
  let parsed: CompiledParts | undefined;
  const parse = () => {
    parsed ??= parseParts(members, overrides);
    return parsed;
  };
  return {
    ...row,
    content: members + overrides,
    get serverIds() {
      return parse().serverIds;
    },
    cut: (inventories, naming) => cutCatalog(parse(), inventories, naming, loadArgumentCheck),
  };
}

interface CompiledParts extends ToolsetParts {
  readonly serverIds: ReadonlySet<string> | undefined;
}

function parseParts(storedMembers: string, storedOverrides: string): CompiledParts {
  const members: readonly ToolsetMember[] = parseJson(toolsetMembers, storedMembers);
  const overrides: readonly ItemOverride[] = parseJson(toolsetOverrides, storedOverrides);
  return { members, overrides, serverIds: listSelectedServers(members) };
}

const loadArgumentCheck = async () =>
  (await import("../core/toolsets/argument-check.ts")).createArgumentCheck;

function parseJson<T>(shape: z.ZodType<readonly T[]>, text: string): readonly T[] {
  return shape.safeParse(JSON.parse(text)).data ?? [];
}
