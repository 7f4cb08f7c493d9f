/** The pages of SCIM tokens, by which an identity provider creates, changes and deactivates members and groups. */
import { Hono } from "hono";
import { z } from "zod";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { type FieldSpec, initialValues, readFields, readTyped } from "../forms/fields.ts";
import { Form } from "../forms/form.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import type { ListSpec } from "../lists/spec.ts";
import { CopyButton, Time } from "../ui/components.tsx";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SecretOnce } from "../ui/secret-once.tsx";

const PATH = "/admin/members/provisioning/scim";

const shape = z.object({
  id: z.string(),
  name: z.string(),
  lastUsedAt: z.string().nullable(),
  createdAt: z.string(),
});
const created = z.object({ name: z.string(), token: z.string() });

const FIELDS: readonly FieldSpec[] = [
  { name: "name", label: "Name", kind: "text", maxlength: 200, hint: "For example the identity provider." },
];

const list: ListSpec<z.infer<typeof shape>> = {
  path: PATH,
  api: "/scim-tokens",
  shape,
  label: "SCIM tokens",
  usual: "name",
  search: "Name",
  idOf: ({ id }) => id,
  filters: [],
  columns: [
    { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
    {
      name: "lastUsedAt",
      label: "Last used",
      sorts: true,
      show: ({ lastUsedAt }) => <Time at={lastUsedAt} none="Never" />,
    },
    { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
  ],
  bulk: [
    {
      name: "delete",
      label: "Delete",
      action: "scim-tokens.delete",
      danger: true,
      run: (rest, id) => rest.send("DELETE", `/scim-tokens/${id}`),
      done: (count) => `${count === 1 ? "1 SCIM token" : `${count} SCIM tokens`} deleted.`,
    },
  ],
  empty: {
    title: "No SCIM tokens yet",
    says: "With a token, your identity provider creates and deactivates members and groups.",
    action: <LinkButton to={`${PATH}/new`}>Create SCIM token</LinkButton>,
  },
};

function NewPage({ frame, outcome }: { frame: Frame; outcome?: FormOutcome }) {
  return (
    <Page title="Create SCIM token" frame={frame}>
      <Form
        action={`${PATH}/new`}
        token={frame.formToken}
        fields={FIELDS}
        typed={outcome?.typed ?? initialValues(FIELDS)}
        options={new Map()}
        faults={outcome?.faults}
        message={outcome?.message}
        submit="Create SCIM token"
        busy="Creating…"
        cancel={PATH}
      />
    </Page>
  );
}

export const scimTokens = new Hono<AdminEnv>()
  .use(`${PATH}/new`, recently())
  .route(
    "/",
    listRoutes({
      title: "SCIM tokens",
      intro: "Tokens of identity providers that provision members and groups over SCIM 2.0.",
      action: "scim-tokens.list",
      list,
      actions: (c) =>
        may(c, "scim-tokens.create") && <LinkButton to={`${PATH}/new`}>Create SCIM token</LinkButton>,
    }),
  )
  .get(`${PATH}/new`, requirePagePermission("scim-tokens.create"), (c) =>
    c.html(<NewPage frame={buildFrame(c)} />),
  )
  .post(`${PATH}/new`, requirePagePermission("scim-tokens.create"), async (c) => {
    const typed = readTyped(FIELDS, c.get("posted"));
    const { body, faults } = readFields(FIELDS, typed);
    const again = (outcome: FormOutcome) => c.html(<NewPage frame={buildFrame(c)} outcome={outcome} />, 422);
    if (faults.length > 0) return again({ typed, faults });
    const sent = await c.get("rest").send("POST", "/scim-tokens", { json: body });
    if (!sent.ok) return again(toFormOutcome(sent.refusal, typed));
    const { name, token } = created.parse(sent.value);
    const address = `${c.get("config").publicUrl}/scim/v2`;
    return c.html(
      <Page title={`SCIM token ${name}`} frame={buildFrame(c)}>
        <section class="card" aria-label="SCIM token">
          <SecretOnce noun="token" secret={token} />
          <p>
            Base URL at the identity provider: <code>{address}</code> <CopyButton text={address} />
          </p>
          <LinkButton to={PATH} kind="quiet">
            Done
          </LinkButton>
        </section>
      </Page>,
    );
  });
