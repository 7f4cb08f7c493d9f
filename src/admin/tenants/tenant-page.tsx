/** The pages of one organization: creation and details. */

import { Differences, type FormOutcome } from "../crud/pages.tsx";
import { Button, LinkButton, PostForm } from "../forms/controls.tsx";
import { initialValues, type Option, type Typed } from "../forms/fields.ts";
import { Form } from "../forms/form.tsx";
import { Details, Time } from "../ui/components.tsx";
import type { Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { FIELDS, type TenantView } from "./fields.ts";
import { Status } from "./status.tsx";

const LIST = { label: "Organizations", path: "/admin/system" };
const CHANGEABLE = FIELDS.filter(({ fixed }) => fixed !== true);

const OPTIONS: ReadonlyMap<string, readonly Option[]> = new Map(
  FIELDS.flatMap((field): [string, readonly Option[]][] =>
    "options" in field && typeof field.options !== "function" ? [[field.name, field.options]] : [],
  ),
);

export function NewTenant({ frame, once, outcome }: { frame: Frame; once: string; outcome?: FormOutcome }) {
  return (
    <Page title="Create organization" frame={frame}>
      <Form
        action={`${LIST.path}/new`}
        token={frame.formToken}
        fields={FIELDS}
        typed={outcome?.typed ?? initialValues(FIELDS)}
        options={OPTIONS}
        faults={outcome?.faults}
        message={outcome?.message}
        hidden={{ once }}
        submit="Create organization"
        cancel={LIST.path}
      />
    </Page>
  );
}

interface OneProps {
  readonly frame: Frame;
  readonly tenant: TenantView;
  readonly here: string;
  readonly etag: string | undefined;
  readonly outcome: FormOutcome;
  readonly theirs?: Typed;
  /** The user is a member, and works in another organization at present. */
  readonly canOpen: boolean;
  readonly rights: { readonly update: boolean; readonly suspend: boolean; readonly archive: boolean };
}

export function OneTenant({ frame, tenant, here, etag, outcome, theirs, canOpen, rights }: OneProps) {
  const { status } = tenant;
  const token = frame.formToken;
  return (
    <Page
      title={tenant.name}
      frame={frame}
      actions={
        <>
          {canOpen && status === "active" && (
            <PostForm
              action="/account/tenant"
              token={token}
              hidden={{ tenant: tenant.id, back: "/admin" }}
              class="inline"
            >
              <Button>Open organization</Button>
            </PostForm>
          )}
          {rights.suspend && status !== "archived" && (
            <PostForm
              action={`${here}/${status === "active" ? "suspend" : "resume"}`}
              token={token}
              class="inline"
            >
              <Button kind={status === "active" ? "danger" : "main"}>
                {status === "active" ? "Suspend" : "Resume"}
              </Button>
            </PostForm>
          )}
          {rights.archive && status !== "archived" && (
            <LinkButton to={`${here}/archive`} kind="danger">
              Archive
            </LinkButton>
          )}
        </>
      }
    >
      <section class="card" aria-label="Details">
        <Details
          of={[
            ["Status", <Status of={status} />],
            ["Slug", <code>{tenant.slug}</code>],
            ["MCP endpoint", <code>{`/t/${tenant.slug}/mcp`}</code>],
            ["Created", <Time at={tenant.createdAt} />],
          ]}
        />
      </section>
      {theirs !== undefined && (
        <Differences fields={CHANGEABLE} mine={outcome.typed} theirs={theirs} reload={here} />
      )}
      {rights.update && status !== "archived" && (
        <Form
          action={here}
          token={token}
          fields={CHANGEABLE}
          typed={outcome.typed}
          options={OPTIONS}
          faults={outcome.faults}
          message={outcome.message}
          hidden={{ etag }}
          submit={theirs === undefined ? "Save changes" : "Overwrite"}
          cancel={LIST.path}
        />
      )}
    </Page>
  );
}
