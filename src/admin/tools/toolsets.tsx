/** Named selections of the catalog, each with an endpoint of its own. */
import { Hono } from "hono";
import { z } from "zod";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { YES_NO } from "../lists/spec.ts";
import { Badge, Time } from "../ui/components.tsx";
import { BINDINGS_PATH, toolsetBindings } from "./toolset-bindings.tsx";
import { fromToolsetForm, TOOLSET_FIELDS, toToolsetForm } from "./toolset-form.ts";
import { PREVIEW_PATH, toolsetPreview } from "./toolset-preview.tsx";

const shape = z.object({
  id: z.string(),
  slug: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  isActive: z.boolean(),
  updatedAt: z.string(),
});

const endpoint = (slug: string) => `/mcp/toolsets/${slug}`;

const pages = crudPages<z.infer<typeof shape>>({
  name: "toolsets",
  path: "/admin/tools/toolsets",
  title: "Toolsets",
  noun: "toolset",
  intro: "Named selections of tools, prompts and resources, each with its own endpoint.",
  empty: "Give a client the tools it needs, under names of your choice.",
  beside: (c) =>
    may(c, "toolset-bindings.list") && (
      <LinkButton to={BINDINGS_PATH} kind="quiet">
        View bindings
      </LinkButton>
    ),
  preview: PREVIEW_PATH,
  list: {
    shape,
    usual: "title",
    search: "Title, slug or description",
    filters: [{ name: "isActive", label: "Active", kind: "choice", options: YES_NO }],
    columns: [
      { name: "title", label: "Title", sorts: true, show: ({ title }) => title },
      {
        ...{ name: "slug", label: "Endpoint", sorts: true },
        show: ({ slug }) => <code>{endpoint(slug)}</code>,
        plain: ({ slug }) => endpoint(slug),
      },
      { name: "description", label: "Description", show: ({ description }) => description ?? "" },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
      { name: "updatedAt", label: "Updated", sorts: true, show: ({ updatedAt }) => <Time at={updatedAt} /> },
    ],
  },
  fields: TOOLSET_FIELDS,
  nameOf: ({ title }) => title,
  toForm: toToolsetForm,
  fromForm: fromToolsetForm,
  about: ({ id, slug }) => (
    <p>
      Endpoint: <code>{endpoint(slug)}</code> ·{" "}
      <a href={`${BINDINGS_PATH}?toolsetId=${id}`}>View bindings of this toolset</a>
    </p>
  ),
});

/** Bindings come first: their paths look like those of toolsets. */
export const toolsets = new Hono<AdminEnv>()
  .route("/", toolsetPreview)
  .route("/", toolsetBindings)
  .route("/", pages);
