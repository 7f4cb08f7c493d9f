/** The settings and the credential of a server: two forms on the same resource, both with conflict detection. */
import { Hono } from "hono";
import { TRANSPORTS } from "../../core/enums.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import { Differences, type FormOutcome } from "../crud/pages.tsx";
import {
  type FieldSpec,
  initialValues,
  readFields,
  readTyped,
  type Typed,
  toTyped,
} from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { optionsFrom } from "../lists/spec.ts";
import { Details } from "../ui/components.tsx";
import { AUTH_TYPES, credentialFields, readCredential } from "./credentials.ts";
import { ServerPage } from "./frame.tsx";
import { readServer, serverApi, serverPath } from "./server.ts";

const fields: readonly FieldSpec[] = [
  {
    name: "name",
    label: "Name",
    kind: "text",
    maxlength: 100,
    hint: "Used in the endpoint path /mcp/{name}.",
  },
  { name: "title", label: "Title", kind: "text", optional: true, maxlength: 200 },
  { name: "description", label: "Description", kind: "long", optional: true },
  { name: "endpointUrl", label: "URL", kind: "text" },
  {
    name: "transportType",
    label: "Transport",
    kind: "choice",
    options: optionsFrom(TRANSPORTS),
  },
  { name: "tags", label: "Tags", kind: "lines", optional: true, hint: "One per line." },
  { name: "version", label: "Version", kind: "text", optional: true, maxlength: 100 },
  { name: "region", label: "Region", kind: "text", optional: true, maxlength: 100 },
  {
    name: "weight",
    label: "Weight",
    kind: "number",
    min: 0,
    max: 1000,
    step: 1,
    hint: "Share of calls among servers that provide the same tool.",
  },
  { name: "maxConcurrency", label: "Concurrency limit", kind: "number", min: 1, max: 100_000, step: 1 },
  {
    name: "settings",
    label: "Advanced settings (JSON)",
    kind: "json",
    hint: "For example cost, firstByteTimeoutMs, idleTimeoutMs, passHeaders, payloadSample, tools.",
  },
  { name: "isActive", label: "Enabled", kind: "yes" },
];

interface Sent {
  readonly outcome: FormOutcome;
  /** True if the resource was changed between reading and saving. */
  readonly overtaken: boolean;
}

async function settingsPage(c: AdminContext, sent?: Sent) {
  const id = c.req.param("id") ?? "";
  const { value: server, etag } = await readServer(c.get("rest"), id);
  const theirs: Typed = toTyped(fields, server);
  const { outcome, overtaken } = sent ?? { outcome: { typed: theirs }, overtaken: false };
  const path = `${serverPath(id)}/settings`;
  return (
    <ServerPage c={c} server={server}>
      {overtaken && <Differences fields={fields} mine={outcome.typed} theirs={theirs} reload={path} />}
      <Form
        action={path}
        token={c.get("formToken")}
        fields={fields}
        typed={outcome.typed}
        options={new Map([["transportType", optionsFrom(TRANSPORTS)]])}
        faults={outcome.faults}
        message={outcome.message}
        hidden={{ etag: sent === undefined || overtaken ? etag : c.get("form").etag }}
        submit={overtaken ? "Overwrite" : "Save changes"}
        cancel={serverPath(id)}
      />
    </ServerPage>
  );
}

async function credentialsPage(
  c: AdminContext,
  outcome: FormOutcome = { typed: initialValues(credentialFields) },
) {
  const id = c.req.param("id") ?? "";
  const { value: server, etag } = await readServer(c.get("rest"), id);
  return (
    <ServerPage c={c} server={server}>
      <section class="card wide" aria-label="Current credential">
        <Details
          of={[
            ["Authentication", AUTH_TYPES.find(({ value }) => value === server.auth?.type)?.label ?? "–"],
            ["Source", server.auth?.reference ?? "entered manually"],
          ]}
        />
        <p class="quiet-text">Stored encrypted and never shown. Caller credentials are never forwarded.</p>
      </section>
      <Form
        action={`${serverPath(id)}/credentials`}
        token={c.get("formToken")}
        fields={credentialFields}
        typed={outcome.typed}
        options={await loadOptions(credentialFields, c.get("rest"))}
        faults={outcome.faults}
        message={outcome.message}
        hidden={{ etag }}
        submit="Replace credential"
        cancel={serverPath(id)}
      />
    </ServerPage>
  );
}

const save = (c: AdminContext, id: string, json: unknown) =>
  c.get("rest").send("PATCH", serverApi(id), { json, ifMatch: c.get("form").etag });

export const settings = new Hono<AdminEnv>()
  .get("/admin/servers/:id/settings", requirePagePermission("servers.update"), async (c) =>
    c.html(await settingsPage(c)),
  )
  .post("/admin/servers/:id/settings", requirePagePermission("servers.update"), async (c) => {
    const id = c.req.param("id");
    const typed = readTyped(fields, c.get("posted"));
    const { body, faults } = readFields(fields, typed);
    if (faults.length > 0)
      return c.html(await settingsPage(c, { outcome: { typed, faults }, overtaken: false }), 422);
    const sent = await save(c, id, body);
    if (!sent.ok) {
      const overtaken = sent.refusal.code === "precondition_failed";
      const outcome = overtaken ? { typed } : toFormOutcome(sent.refusal, typed);
      return c.html(await settingsPage(c, { outcome, overtaken }), overtaken ? 412 : 422);
    }
    await setFlash(c, { says: "Changes saved." });
    return c.redirect(`${serverPath(id)}/settings`, 303);
  })
  .get("/admin/servers/:id/credentials", requirePagePermission("servers.update"), async (c) =>
    c.html(await credentialsPage(c)),
  )
  .post("/admin/servers/:id/credentials", requirePagePermission("servers.update"), async (c) => {
    const id = c.req.param("id");
    const typed = readTyped(credentialFields, c.get("posted"));
    const sent = await save(c, id, { auth: readCredential(typed) });
    if (!sent.ok) return c.html(await credentialsPage(c, toFormOutcome(sent.refusal, typed)), 422);
    await setFlash(c, { says: "Credential replaced." });
    return c.redirect(`${serverPath(id)}/credentials`, 303);
  });
