/** What registries offer: found, looked at, and made a server of the gateway in one form. */
import { Hono } from "hono";
import { z } from "zod";
import { ENTRY_STATUSES } from "../../core/enums.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { findRemote } from "../../core/registry/remotes.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { LinkButton, Notice } from "../forms/controls.tsx";
import { type FieldSpec, initialValues, readFields, readTyped } from "../forms/fields.ts";
import { Form } from "../forms/form.tsx";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { CopyableLink, loadNames } from "../lookups/record-names.tsx";
import { serverPath } from "../servers/server.ts";
import { Badge, Details, Time, type Tone } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HOME = "/admin/registry";

const entryView = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  status: z.enum(ENTRY_STATUSES),
  statusMessage: z.string().nullable(),
  isLatest: z.boolean(),
  sourceId: z.string().nullable(),
  serverId: z.string().nullable(),
  serverName: z.string().nullable(),
  publishedAt: z.string(),
  publishedBy: z.string().nullable(),
  server: z.looseObject({ title: z.string().optional(), description: z.string().optional() }),
});

type EntryView = z.infer<typeof entryView>;

const TONES: Record<EntryView["status"], Tone> = { active: "good", deprecated: "warn", deleted: "bad" };

const list = listRoutes<EntryView>({
  title: "Registry",
  intro: "Registry entries from your sources. Register one as a server.",
  action: "registry-entries.list",
  list: {
    path: HOME,
    api: "/registry-entries",
    label: "Registry entries",
    shape: entryView,
    usual: "",
    search: "Name, title, description",
    searchAs: "search",
    filters: [
      {
        name: "version",
        label: "Versions",
        kind: "choice",
        options: [{ value: "latest", label: "Latest" }],
      },
    ],
    columns: [
      {
        name: "name",
        label: "Entry",
        show: ({ name, server }) => (
          <>
            {server.title ?? name} {server.title !== undefined && <code class="quiet-text">{name}</code>}
          </>
        ),
      },
      {
        name: "description",
        label: "Description",
        show: ({ server }) => server.description ?? "",
        plain: ({ server }) => server.description,
      },
      { name: "version", label: "Version", show: ({ version }) => version },
      { name: "status", label: "Status", show: ({ status }) => <Badge tone={TONES[status]}>{status}</Badge> },
      {
        name: "serverName",
        label: "Registered as",
        show: ({ serverId, serverName }) =>
          serverId !== null && serverName !== null && <a href={serverPath(serverId)}>{serverName}</a>,
      },
      { name: "publishedAt", label: "Published", show: ({ publishedAt }) => <Time at={publishedAt} /> },
    ],
    rowPath: ({ id }) => `${HOME}/${id}`,
    empty: {
      title: "No entries yet",
      says: "Add a registry source to sync entries, or import a server.json.",
      action: <LinkButton to="/admin/registry/sources/new">Add a source</LinkButton>,
    },
  },
  actions: (c) => (
    <>
      {may(c, "registry-entries.import") && (
        <LinkButton to={`${HOME}/import`} kind="quiet">
          Import server.json
        </LinkButton>
      )}
      {may(c, "registry-sources.create") && <LinkButton to="/admin/registry/sources">Sources</LinkButton>}
    </>
  ),
});

const importField: FieldSpec = {
  name: "server",
  label: "server.json",
  kind: "json",
  hint: "Format: registry.modelcontextprotocol.io.",
};

function importPage(c: AdminContext, outcome: FormOutcome) {
  return (
    <Page title="Import server.json" frame={buildFrame(c)}>
      <Form
        action={`${HOME}/import`}
        token={c.get("formToken")}
        fields={[importField]}
        typed={outcome.typed}
        options={new Map()}
        faults={outcome.faults}
        message={outcome.message}
        submit="Import"
        cancel={HOME}
      />
    </Page>
  );
}

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);

/** The inputs that the entry declares as required to reach its server. */
function fieldsFor({ server, name }: EntryView): readonly FieldSpec[] | undefined {
  const remote = findRemote(server);
  if (remote === undefined) return undefined;
  const variables = getMember(remote, "variables");
  const headers = getMember(remote, "headers");
  const field = (kind: "variables" | "headers", key: string, input: unknown): FieldSpec => {
    const of = isMembers(input) ? input : {};
    const hint = textOf(getMember(of, "description"));
    const common = {
      name: `${kind}.${key}`,
      label: key,
      optional: getMember(of, "isRequired") !== true,
      empty: "omit" as const,
      ...(hint !== undefined && { hint }),
    };
    return getMember(of, "isSecret") === true
      ? { ...common, kind: "secret" }
      : { ...common, kind: "text", initial: textOf(getMember(of, "default")) ?? "" };
  };
  return [
    {
      name: "name",
      label: "Name",
      kind: "text",
      maxlength: 100,
      initial: name.split("/")[1] ?? name,
      hint: "Used in the endpoint path /mcp/{name}.",
    },
    ...(isMembers(variables)
      ? Object.entries(variables).map(([key, input]) => field("variables", key, input))
      : []),
    ...(Array.isArray(headers) ? headers.filter(isMembers) : []).map((header) =>
      field("headers", String(getMember(header, "name")), header),
    ),
  ];
}

async function entryPage(c: AdminContext, sent?: FormOutcome) {
  const id = c.req.param("id") ?? "";
  const { value: entry } = await c.get("rest").read(`/registry-entries/${encodeURIComponent(id)}`, entryView);
  const { server, name, version, status, statusMessage, serverId, serverName, publishedAt, publishedBy } =
    entry;
  const nameOf = await loadNames(c.get("rest"), { user: [publishedBy] });
  const fields = fieldsFor(entry);
  return (
    <Page title={server.title ?? name} frame={buildFrame(c)}>
      <section class="card" aria-label="Entry">
        <Details
          of={[
            ["Name", <code>{name}</code>],
            ["Description", server.description ?? "–"],
            ["Version", version],
            ["Status", <Badge tone={TONES[status]}>{status}</Badge>],
            ...(statusMessage === null ? [] : [["Status message", statusMessage] as const]),
            ["Published", <Time at={publishedAt} />],
            ...(publishedBy === null
              ? []
              : [["Published by", <CopyableLink kind="user" id={publishedBy} nameOf={nameOf} />] as const]),
          ]}
        />
        <details>
          <summary>server.json</summary>
          <pre>{JSON.stringify(server, null, 2)}</pre>
        </details>
      </section>
      {serverId !== null && serverName !== null && (
        <Notice>
          Registered as <a href={serverPath(serverId)}>{serverName}</a>.
        </Notice>
      )}
      {fields === undefined && (
        <p class="notice warn">
          This server runs locally (stdio). Register a server with transport stdio, and start a connector for
          it.
        </p>
      )}
      {fields !== undefined && serverName === null && may(c, "registry-entries.register") && (
        <Form
          action={`${HOME}/${id}`}
          token={c.get("formToken")}
          fields={fields}
          typed={sent?.typed ?? initialValues(fields)}
          options={new Map()}
          faults={sent?.faults}
          message={sent?.message}
          submit="Register server"
          busy="Registering…"
          cancel={HOME}
        />
      )}
    </Page>
  );
}

export const registry = new Hono<AdminEnv>()
  .route("/", list)
  .get(`${HOME}/import`, requirePagePermission("registry-entries.import"), (c) =>
    c.html(importPage(c, { typed: initialValues([importField]) })),
  )
  .post(`${HOME}/import`, requirePagePermission("registry-entries.import"), async (c) => {
    const typed = readTyped([importField], c.get("posted"));
    const { body, faults } = readFields([importField], typed);
    if (faults.length > 0) return c.html(importPage(c, { typed, faults }), 422);
    const sent = await c.get("rest").send("POST", "/registry-entries", { json: body });
    if (!sent.ok) return c.html(importPage(c, toFormOutcome(sent.refusal, typed)), 422);
    const { id, name } = entryView.parse(sent.value);
    await setFlash(c, { says: `Entry ${name} imported.` });
    return c.redirect(`${HOME}/${id}`, 303);
  })
  .get(`${HOME}/:id`, requirePagePermission("registry-entries.read"), async (c) => c.html(await entryPage(c)))
  .post(`${HOME}/:id`, requirePagePermission("registry-entries.register"), async (c) => {
    const api = `/registry-entries/${encodeURIComponent(c.req.param("id"))}`;
    const { value: entry } = await c.get("rest").read(api, entryView);
    const fields = fieldsFor(entry) ?? [];
    const typed = readTyped(fields, c.get("posted"));
    const { body, faults } = readFields(fields, typed);
    if (faults.length > 0) return c.html(await entryPage(c, { typed, faults }), 422);
    const sent = await c.get("rest").send("POST", `${api}/register`, { json: body });
    if (!sent.ok) return c.html(await entryPage(c, toFormOutcome(sent.refusal, typed)), 422);
    const made = z.object({ id: z.string(), name: z.string() }).parse(sent.value);
    await setFlash(c, { says: `Server ${made.name} registered. Capability discovery is running.` });
    return c.redirect(serverPath(made.id), 303);
  });
