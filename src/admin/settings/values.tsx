/** The pages of custom values, including those of the tenant's own programs: untyped, but versioned. */
import { Hono } from "hono";
import { z } from "zod";
import { crudPages } from "../crud/crud-pages.tsx";
import { pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { YES_NO } from "../lists/spec.ts";
import { loadMemberNames } from "../lookups/choices.ts";
import { Badge, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { History, toText, version } from "./history.tsx";

const config = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  key: z.string(),
  value: z.unknown(),
  category: z.string(),
  version: z.number(),
  isSensitive: z.boolean(),
  updatedAt: z.string(),
});

const values = crudPages({
  name: "configs",
  path: "/admin/settings/values",
  title: "Custom values",
  noun: "custom value",
  intro: "Values stored for your own programs.",
  empty: "Store values that your programs read at run time.",
  list: {
    shape: config,
    usual: "key",
    search: "Key or description",
    filters: [{ name: "isSensitive", label: "Secret", kind: "choice", options: YES_NO }],
    columns: [
      { name: "key", label: "Key", sorts: true, show: ({ key }) => <code>{key}</code> },
      {
        name: "value",
        label: "Value",
        show: ({ value, isSensitive }) =>
          isSensitive ? "••••••••" : <span class="clamp">{toText(value)}</span>,
      },
      { name: "category", label: "Category", sorts: true, show: ({ category }) => category },
      { name: "version", label: "Version", number: true, show: ({ version: number }) => String(number) },
      {
        name: "tenantId",
        label: "Scope",
        show: ({ tenantId }) =>
          tenantId === null ? <Badge>System</Badge> : <Badge tone="good">Organization</Badge>,
      },
      { name: "updatedAt", label: "Changed", sorts: true, show: ({ updatedAt }) => <Time at={updatedAt} /> },
    ],
  },
  fields: [
    { name: "key", label: "Key", kind: "text", fixed: true, maxlength: 200, placeholder: "billing.currency" },
    {
      name: "value",
      label: "Value",
      kind: "json",
      hint: 'JSON. Strings need quotes, for example "EUR".',
    },
    { name: "category", label: "Category", kind: "text", optional: true, empty: "omit", maxlength: 100 },
    { name: "description", label: "Description", kind: "long", optional: true },
    {
      name: "isSensitive",
      label: "Secret (encrypted, never shown)",
      kind: "yes",
      fixed: true,
    },
  ],
  nameOf: ({ key }) => key,
  isForeign: ({ tenantId }) => tenantId === null,
  about: ({ id }) => (
    <p>
      <a href={`/admin/settings/values/${id}/history`}>History</a>
    </p>
  ),
});

const PATH = "/admin/settings/values/:id/history";

const history = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("configs.read"), async (c) => {
    const rest = c.get("rest");
    const api = `/configs/${encodeURIComponent(c.req.param("id"))}`;
    const [{ value: row, etag }, { value: versions }, names] = await Promise.all([
      rest.read(api, config),
      rest.read(`${api}/versions`, pageShape(version)),
      loadMemberNames(rest),
    ]);
    const frame = buildFrame(c);
    const mayRestore = may(c, "configs.update") && row.tenantId !== null;
    const action = `/admin/settings/values/${row.id}/restore`;
    const restore = { action, token: frame.formToken, ...(etag !== undefined && { etag }) };
    return c.html(
      <Page
        title="History"
        intro={row.key}
        frame={frame}
        crumbs={[{ label: row.key, path: `/admin/settings/values/${row.id}` }]}
      >
        <History
          versions={versions.items}
          isSecret={row.isSensitive}
          names={names}
          restore={mayRestore ? restore : undefined}
        />
      </Page>,
    );
  })
  .post("/admin/settings/values/:id/restore", requirePagePermission("configs.update"), async (c) => {
    const id = encodeURIComponent(c.req.param("id"));
    const { version: wanted, etag = "" } = c.get("form");
    const sent = await c.get("rest").send("POST", `/configs/${id}/restore`, {
      ...{ json: { version: Number(wanted) }, ifMatch: etag },
    });
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: `Version ${wanted} restored as the latest version.` });
    return c.redirect(`/admin/settings/values/${id}/history`, 303);
  });

export const configValues = new Hono<AdminEnv>().route("/", values).route("/", history);
