/** All organizations, for operators: create, weight, suspend, archive. */
import { Hono } from "hono";
import { z } from "zod";
import { TENANT_STATUSES } from "../../core/enums.ts";
import { listTenantsOfUser } from "../../db/queries/identity/user-accounts.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { readFields, readTyped, toTyped } from "../forms/fields.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { type ListSpec, optionsFrom } from "../lists/spec.ts";
import { Time } from "../ui/components.tsx";
import { ConfirmPage, isConfirmed } from "../ui/confirm.tsx";
import { buildFrame } from "../ui/frame.ts";
import { FIELDS, type TenantView, tenantShape, withDefaults } from "./fields.ts";
import { Status } from "./status.tsx";
import { NewTenant, OneTenant } from "./tenant-page.tsx";

const PATH = "/admin/system";
const anyRow = z.record(z.string(), z.unknown());

const list: ListSpec<TenantView> = {
  path: PATH,
  api: "/tenants",
  shape: tenantShape,
  label: "Organizations",
  usual: "name",
  search: "Name or slug",
  rowPath: ({ id }) => `${PATH}/${id}`,
  idOf: ({ id }) => id,
  filters: [{ name: "status", label: "Status", kind: "choice", options: optionsFrom(TENANT_STATUSES) }],
  columns: [
    { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
    { name: "slug", label: "Slug", sorts: true, show: ({ slug }) => <code>{slug}</code> },
    { name: "status", label: "Status", show: ({ status }) => <Status of={status} /> },
    { name: "weight", label: "Weight", sorts: true, number: true, show: ({ weight }) => weight },
    { name: "timeZone", label: "Time zone", show: ({ timeZone }) => timeZone },
    { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
  ],
  bulk: [
    {
      name: "suspend",
      label: "Suspend",
      action: "tenants.suspend",
      danger: true,
      run: (rest, id) => rest.send("POST", `/tenants/${id}/suspend`),
      done: (count) => `${count === 1 ? "1 organization" : `${count} organizations`} suspended.`,
    },
    {
      name: "resume",
      label: "Resume",
      action: "tenants.suspend",
      run: (rest, id) => rest.send("POST", `/tenants/${id}/resume`),
      done: (count) => `${count === 1 ? "1 organization" : `${count} organizations`} resumed.`,
    },
  ],
  empty: {
    title: "No organizations yet",
    says: "Each organization has its own servers, members and limits.",
  },
};

const created = z.object({ id: z.string() });
const api = (id: string) => `/tenants/${encodeURIComponent(id)}`;

interface SentBefore {
  readonly outcome: FormOutcome;
  /** True if the organization was changed between reading and saving. */
  readonly isOvertaken: boolean;
}

async function showOne(c: AdminContext, id: string, sent?: SentBefore) {
  const [{ value, etag }, memberships] = await Promise.all([
    c.get("rest").read(api(id), anyRow),
    listTenantsOfUser(c.get("services").database.asSystem(), c.get("person").id),
  ]);
  const current = toTyped(FIELDS, withDefaults(value));
  const isOvertaken = sent?.isOvertaken === true;
  return (
    <OneTenant
      frame={buildFrame(c)}
      tenant={tenantShape.parse(value)}
      here={`${PATH}/${id}`}
      etag={sent === undefined || isOvertaken ? etag : c.get("form").etag}
      outcome={sent?.outcome ?? { typed: current }}
      {...(isOvertaken && { theirs: current })}
      canOpen={c.get("person").tenant?.id !== id && memberships.some((each) => each.id === id)}
      rights={{
        update: may(c, "tenants.update"),
        suspend: may(c, "tenants.suspend"),
        archive: may(c, "tenants.archive"),
      }}
    />
  );
}

export const tenants = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<TenantView>({
      title: "Organizations",
      intro: "All organizations on this gateway.",
      action: "tenants.list",
      list,
      actions: (c) =>
        may(c, "tenants.create") && <LinkButton to={`${PATH}/new`}>Create organization</LinkButton>,
    }),
  )
  .get(`${PATH}/new`, requirePagePermission("tenants.create"), (c) =>
    c.html(<NewTenant frame={buildFrame(c)} once={crypto.randomUUID()} />),
  )
  .post(`${PATH}/new`, requirePagePermission("tenants.create"), async (c) => {
    const typed = readTyped(FIELDS, c.get("posted"));
    const { body, faults } = readFields(FIELDS, typed);
    const once = c.get("form").once ?? "";
    const again = (outcome: FormOutcome) =>
      c.html(<NewTenant frame={buildFrame(c)} once={once} outcome={outcome} />, 422);
    if (faults.length > 0) return again({ typed, faults });
    const sent = await c.get("rest").send("POST", "/tenants", { json: body, once });
    if (!sent.ok) return again(toFormOutcome(sent.refusal, typed));
    const { id } = created.parse(sent.value);
    return redirectWithFlash(c, sent, {
      says: "Organization created. You are its first admin.",
      back: `${PATH}/${id}`,
    });
  })
  .get(`${PATH}/:id`, requirePagePermission("tenants.read"), async (c) =>
    c.html(await showOne(c, c.req.param("id"))),
  )
  .post(`${PATH}/:id`, requirePagePermission("tenants.update"), async (c) => {
    const id = c.req.param("id");
    const changeable = FIELDS.filter(({ fixed }) => fixed !== true);
    const typed = readTyped(changeable, c.get("posted"));
    const { body, faults } = readFields(changeable, typed);
    const again = async (outcome: FormOutcome, isOvertaken = false) =>
      c.html(await showOne(c, id, { outcome, isOvertaken }), isOvertaken ? 412 : 422);
    if (faults.length > 0) return again({ typed, faults });
    // Who empties every limit means that there are none.
    const json = { planLimits: {}, ...body };
    const sent = await c.get("rest").send("PATCH", api(id), { json, ifMatch: c.get("form").etag });
    if (sent.ok) return redirectWithFlash(c, sent, { says: "Changes saved.", back: `${PATH}/${id}` });
    if (sent.refusal.code === "precondition_failed") return again({ typed }, true);
    return again(toFormOutcome(sent.refusal, typed));
  })
  .post(`${PATH}/:id/suspend`, requirePagePermission("tenants.suspend"), async (c) => {
    const id = c.req.param("id");
    const sent = await c.get("rest").send("POST", `${api(id)}/suspend`);
    return redirectWithFlash(c, sent, {
      says: "Organization suspended. All its requests are rejected.",
      back: `${PATH}/${id}`,
    });
  })
  .post(`${PATH}/:id/resume`, requirePagePermission("tenants.suspend"), async (c) => {
    const id = c.req.param("id");
    const sent = await c.get("rest").send("POST", `${api(id)}/resume`);
    return redirectWithFlash(c, sent, { says: "Organization resumed.", back: `${PATH}/${id}` });
  })
  .get(`${PATH}/:id/archive`, requirePagePermission("tenants.archive"), async (c) =>
    c.html(await archival(c, c.req.param("id"))),
  )
  .post(`${PATH}/:id/archive`, requirePagePermission("tenants.archive"), async (c) => {
    const id = c.req.param("id");
    const { value } = await c.get("rest").read(api(id), tenantShape);
    if (!isConfirmed(c.get("form"), value.slug)) {
      return c.html(await archival(c, id, "The slug does not match. Nothing was archived."), 422);
    }
    const sent = await c.get("rest").send("POST", `${api(id)}/archive`);
    return redirectWithFlash(c, sent, {
      says: `Organization ${value.name} archived.`,
      back: PATH,
      otherwise: `${PATH}/${id}`,
    });
  });

async function archival(c: AdminContext, id: string, problem?: string) {
  const { value } = await c.get("rest").read(api(id), tenantShape);
  return (
    <ConfirmPage
      frame={buildFrame(c)}
      title={`Archive ${value.name}?`}
      says="All access is permanently rejected. Logs are kept. This cannot be undone."
      name={value.slug}
      action={`${PATH}/${id}/archive`}
      submit="Archive organization"
      cancel={`${PATH}/${id}`}
      problem={problem}
    />
  );
}
