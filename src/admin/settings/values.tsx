/** All values of the configuration, those of tenants' own programs among them: typed by nobody, versioned all the same. */
import { Hono } from "hono";
import { z } from "zod";
import { setFlash } from "../flash.ts";
import { type AdminEnv, gate } from "../gate.ts";
import { may } from "../lists/routes.tsx";
import { YES_NO } from "../lists/spec.ts";
import { managed } from "../managed/collection.tsx";
import { pageOf } from "../rest.ts";
import { frameOf } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { Badge, Time } from "../ui/parts.tsx";
import { History, textOf, version } from "./history.tsx";
import { memberNames } from "./names.ts";

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

const values = managed({
  name: "configs",
  section: "Settings",
  title: "Custom values",
  noun: "custom value",
  intro: "Values stored for your own programs.",
  also: "configuration keys secrets",
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
          isSensitive ? "••••••••" : <span class="clamp">{textOf(value)}</span>,
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
      <a href={`/admin/configs/${id}/history`}>History</a>
    </p>
  ),
});

const PATH = "/admin/configs/:id/history";

const history = new Hono<AdminEnv>()
  .get(PATH, gate("configs.read"), async (c) => {
    const rest = c.get("rest");
    const api = `/configs/${encodeURIComponent(c.req.param("id"))}`;
    const [{ value: row, etag }, { value: versions }, names] = await Promise.all([
      rest.read(api, config),
      rest.read(`${api}/versions`, pageOf(version)),
      memberNames(rest),
    ]);
    const frame = frameOf(c);
    const mayRestore = may(c, "configs.update") && row.tenantId !== null;
    const action = `/admin/configs/${row.id}/restore`;
    const restore = { action, token: frame.formToken, ...(etag !== undefined && { etag }) };
    return c.html(
      <Page
        title="History"
        intro={row.key}
        frame={frame}
        crumbs={[
          { label: "Custom values", path: "/admin/configs" },
          { label: row.key, path: `/admin/configs/${row.id}` },
        ]}
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
  .post("/admin/configs/:id/restore", gate("configs.update"), async (c) => {
    const id = encodeURIComponent(c.req.param("id"));
    const { version: wanted, etag = "" } = c.get("form");
    const sent = await c.get("rest").send("POST", `/configs/${id}/restore`, {
      ...{ json: { version: Number(wanted) }, ifMatch: etag },
    });
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: `Version ${wanted} restored as the latest version.` });
    return c.redirect(`/admin/configs/${id}/history`, 303);
  });

export const configValues: PageGroup = {
  nav: values.nav,
  routes: new Hono<AdminEnv>().route("/", values.routes).route("/", history),
};
