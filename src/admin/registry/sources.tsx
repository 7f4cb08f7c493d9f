/** Other registries whose entries come by themselves. */

import { Hono } from "hono";
import { z } from "zod";
import { setFlash } from "../flash.ts";
import { type AdminEnv, gate } from "../gate.ts";
import { managed } from "../managed/collection.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { Badge, Details, Time } from "../ui/parts.tsx";

const source = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  intervalMinutes: z.number(),
  isActive: z.boolean(),
  syncedAt: z.string().nullable(),
  lastError: z.string().nullable(),
});

const HOME = "/admin/registry-sources";

const pages = managed({
  name: "registry-sources",
  section: "Registry",
  title: "Registry sources",
  noun: "registry source",
  intro: "Registries whose entries come by themselves.",
  also: "synchronise import official",
  empty: "Such as the official registry at https://registry.modelcontextprotocol.io.",
  list: {
    shape: source,
    usual: "name",
    search: "Name, address",
    columns: [
      { name: "name", label: "Source", sorts: true, show: ({ name }) => name },
      { name: "url", label: "Address", show: ({ url }) => <code>{url}</code> },
      { name: "intervalMinutes", label: "Every", show: ({ intervalMinutes }) => `${intervalMinutes} min` },
      {
        name: "lastError",
        label: "State",
        show: ({ isActive, lastError }) =>
          isActive ? (
            <Badge tone={lastError === null ? "good" : "bad"}>{lastError === null ? "fine" : "failed"}</Badge>
          ) : (
            <Badge tone="off">off</Badge>
          ),
      },
      { name: "syncedAt", label: "Read", sorts: true, show: ({ syncedAt }) => <Time at={syncedAt} /> },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 100 },
    {
      name: "url",
      label: "Address",
      kind: "text",
      placeholder: "https://registry.modelcontextprotocol.io",
      hint: "What stands before /v0.1/servers.",
    },
    {
      name: "intervalMinutes",
      label: "Read every so many minutes",
      kind: "number",
      min: 5,
      max: 10_080,
      step: 1,
      initial: "60",
    },
    { name: "isActive", label: "Switched on", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ name }) => name,
  about: ({ syncedAt, lastError }) => (
    <section class="card" aria-label="How it is doing">
      <Details
        of={[
          ["Read", <Time at={syncedAt} />],
          ["Last failure", lastError ?? "none"],
        ]}
      />
    </section>
  ),
  does: [
    { action: "registry-sources.synchronise", at: "synchronise", label: "Read it now", busy: "Reading …" },
  ],
});

const outcome = z.object({
  state: z.enum(["done", "more", "failed"]),
  taken: z.number(),
  skipped: z.number(),
  message: z.string().nullable(),
});

function told({ state, taken, skipped, message }: z.infer<typeof outcome>): string {
  if (state === "failed") return `It could not be read: ${message}`;
  const more = state === "more" ? " The rest comes by itself." : "";
  return `${taken} entries were taken over, ${skipped} made no sense.${more}`;
}

export const registrySources: PageGroup = {
  ...pages,
  routes: new Hono<AdminEnv>()
    .route("/", pages.routes)
    .post(`${HOME}/:id/synchronise`, gate("registry-sources.synchronise"), async (c) => {
      const id = c.req.param("id");
      const sent = await c
        .get("rest")
        .send("POST", `/registry-sources/${encodeURIComponent(id)}/synchronise`);
      if (!sent.ok) throw sent.refusal;
      await setFlash(c, { says: told(outcome.parse(sent.value)) });
      return c.redirect(`${HOME}/${id}`, 303);
    }),
};
