/** Named selections of the catalog: read by policy/toolsets.ts. */
import { z } from "zod";
import { listServersByIds } from "../../db/queries/servers/servers.ts";
import { toolsets as table } from "../../db/schema/toolsets.ts";
import { toolsetMembers, toolsetOverrides } from "../../policy/toolsets.ts";
import { defineResource } from "../resource/define.ts";
import { prose, title } from "./members.ts";

const slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    "must contain only lowercase letters, digits and hyphens, at most 63, and not begin with a hyphen",
  );

const parts = z.object({ members: toolsetMembers.default([]), overrides: toolsetOverrides.default([]) });

export const toolsets = defineResource({
  name: "toolsets",
  noun: "toolset",
  table,
  fields: {
    slug,
    title,
    description: prose.nullable(),
    instructions: prose.nullable(),
    members: toolsetMembers,
    overrides: toolsetOverrides,
    isActive: z.boolean(),
  },
  known: { members: toolsetMembers, overrides: toolsetOverrides },
  sorts: ["title", "slug", "createdAt", "updatedAt"],
  usual: "title",
  filters: ["isActive"],
  searched: ["slug", "title", "description"],
  async faults({ db, owner, coming }, row) {
    const { members, overrides } = parts.parse(row);
    const named = [
      ...members.map(({ serverId }, index) => ({ serverId, path: `/members/${index}/serverId` })),
      ...overrides.map(({ serverId }, index) => ({ serverId, path: `/overrides/${index}/serverId` })),
    ];
    const ids = named.flatMap(({ serverId }) => serverId?.toLowerCase() ?? []);
    const asked = [...new Set(ids)].filter((id) => coming?.has(id) !== true);
    const there = owner === null || asked.length === 0 ? [] : await listServersByIds(db, owner, asked);
    const known = new Set([...there.map(({ id }) => id), ...(coming ?? [])]);
    return named.flatMap(({ serverId, path }) =>
      serverId === undefined || known.has(serverId.toLowerCase())
        ? []
        : [{ path, message: "unknown server" }],
    );
  },
  hooks: { use: { advice: "Delete its toolset bindings first." } },
  example: {
    slug: "support",
    title: "Support",
    description: "What support engineers need.",
    members: [
      { kind: "tool", pattern: "search_*" },
      { kind: "tool", pattern: "*_delete", isExcluded: true },
    ],
  },
});
