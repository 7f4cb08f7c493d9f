/** Registry sources; registry/sync.ts syncs them. */
import { z } from "zod";
import { registrySources as table } from "../../db/schema/entries.ts";
import { defineResource } from "../resource/define.ts";

export const registrySources = defineResource({
  name: "registry-sources",
  noun: "registry source",
  table,
  fields: {
    name: z.string().trim().min(1).max(100),
    /** What /v0.1/servers is put behind. */
    url: z.url({ protocol: /^https?$/ }).max(500),
    intervalMinutes: z.number().int().min(5).max(10_080),
    isActive: z.boolean(),
  },
  hidden: ["cursor", "passStartedAt", "changedSince", "createdBy"],
  sorts: ["name", "syncedAt", "createdAt", "updatedAt"],
  usual: "name",
  filters: ["isActive"],
  searched: ["name", "url"],
  example: {
    name: "Official registry",
    url: "https://registry.modelcontextprotocol.io",
    intervalMinutes: 60,
  },
});
