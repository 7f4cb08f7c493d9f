/** Other registries whose entries come by themselves. */

import { Hono } from "hono";
import { z } from "zod";
import { crudPages } from "../crud/crud-pages.tsx";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Badge, Details, Time } from "../ui/components.tsx";

const source = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  intervalMinutes: z.number(),
  isActive: z.boolean(),
  syncedAt: z.string().nullable(),
  lastError: z.string().nullable(),
});

const HOME = "/admin/registry/sources";

const pages = crudPages({
  name: "registry-sources",
  path: "/admin/registry/sources",
  title: "Registry sources",
  noun: "registry source",
  intro: "Registries that are synced periodically.",
  empty: "For example, https://registry.modelcontextprotocol.io.",
  list: {
    shape: source,
    usual: "name",
    search: "Name or URL",
    columns: [
      { name: "name", label: "Source", sorts: true, show: ({ name }) => name },
      { name: "url", label: "URL", show: ({ url }) => <code>{url}</code> },
      {
        name: "intervalMinutes",
        label: "Sync interval",
        show: ({ intervalMinutes }) => `${intervalMinutes} min`,
      },
      {
        name: "lastError",
        label: "Status",
        show: ({ isActive, lastError }) =>
          isActive ? (
            <Badge tone={lastError === null ? "good" : "bad"}>
              {lastError === null ? "synced" : "failed"}
            </Badge>
          ) : (
            <Badge tone="off">disabled</Badge>
          ),
      },
      { name: "syncedAt", label: "Last sync", sorts: true, show: ({ syncedAt }) => <Time at={syncedAt} /> },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 100 },
    {
      name: "url",
      label: "URL",
      kind: "text",
      placeholder: "https://registry.modelcontextprotocol.io",
      hint: "Base URL, without /v0.1/servers.",
    },
    {
      name: "intervalMinutes",
      label: "Sync interval (minutes)",
      kind: "number",
      min: 5,
      max: 10_080,
      step: 1,
      initial: "60",
    },
    { name: "isActive", label: "Enabled", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ name }) => name,
  about: ({ syncedAt, lastError }) => (
    <section class="card" aria-label="Status">
      <Details
        of={[
          ["Last sync", <Time at={syncedAt} />],
          ["Last error", lastError ?? "none"],
        ]}
      />
    </section>
  ),
  does: [{ action: "registry-sources.synchronise", at: "sync", label: "Sync now", busy: "Syncing…" }],
});

const outcome = z.object({
  state: z.enum(["done", "more", "failed"]),
  taken: z.number(),
  skipped: z.number(),
  message: z.string().nullable(),
});

function describeSync({ state, taken, skipped, message }: z.infer<typeof outcome>): string {
  if (state === "failed") return `Sync failed: ${message}`;
  const more = state === "more" ? " The remaining pages are synced in the background." : "";
  return `${taken} entries imported, ${skipped} invalid.${more}`;
}

export const registrySources = new Hono<AdminEnv>()
  .route("/", pages)
  .post(`${HOME}/:id/sync`, requirePagePermission("registry-sources.synchronise"), async (c) => {
    const id = c.req.param("id");
    const sent = await c.get("rest").send("POST", `/registry-sources/${encodeURIComponent(id)}/sync`);
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: describeSync(outcome.parse(sent.value)) });
    return c.redirect(`${HOME}/${id}`, 303);
  });
