/** API keys, each by itself: made, shown once, narrowed, rotated, revoked. */
import { Hono } from "hono";
import { z } from "zod";
import { short } from "../charts/scale.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import { Differences, type FormOutcome } from "../crud/pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import {
  type FieldSpec,
  initialValues,
  type Option,
  readFields,
  readTyped,
  type Typed,
  toTyped,
} from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { recently } from "../http/recently.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { BINDINGS_PATH } from "../tools/toolset-bindings.tsx";
import { Details, LazyFragment, Time } from "../ui/components.tsx";
import { ConfirmPage, isConfirmed } from "../ui/confirm.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { KEYS, keyApi, keyFields, keyState, keyView, NO_OWNER, SELF } from "./key.ts";
import { list, State } from "./list.tsx";
import { ShownOnce } from "./shown-once.tsx";
import { usage } from "./usage.tsx";

const made = z.object({ key: keyView, secret: z.string() });
const renewed = made.extend({ oldKeyExpiresAt: z.string() });

const accounts = pageShape(z.object({ id: z.string(), name: z.string(), isActive: z.boolean() }));

async function owners(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/service-accounts", accounts, { limit: 200 });
  return [
    { value: SELF, label: "Me" },
    ...value.items
      .filter(({ isActive }) => isActive)
      .map(({ id, name }) => ({ value: id, label: `Service account ${name}` })),
    { value: NO_OWNER, label: "No owner (service role)" },
  ];
}

const ownerField: FieldSpec = {
  name: "owner",
  label: "Owner",
  kind: "choice",
  options: owners,
  initial: SELF,
};

const newFields = (c: AdminContext) =>
  may(c, "service-accounts.list") ? [...keyFields, ownerField] : keyFields;

function ownerIn(typed: Typed): object {
  const [owner = SELF] = typed.owner ?? [];
  if (owner === SELF || owner === "") return {};
  return { serviceAccountId: owner === NO_OWNER ? null : owner };
}

async function newPage(c: AdminContext, outcome: FormOutcome, once: string) {
  const fields = newFields(c);
  return (
    <Page title="Create API key" frame={buildFrame(c)}>
      <Form
        action={`${KEYS}/new`}
        token={c.get("formToken")}
        fields={fields}
        typed={outcome.typed}
        options={await loadOptions(fields, c.get("rest"))}
        faults={outcome.faults}
        message={outcome.message}
        hidden={{ once }}
        submit="Create API key"
        cancel={KEYS}
      />
    </Page>
  );
}

interface Sent {
  readonly outcome: FormOutcome;
  readonly overtaken: boolean;
}

async function keyPage(c: AdminContext, sent?: Sent) {
  const id = c.req.param("id") ?? "";
  const { value: key, etag } = await c.get("rest").read(keyApi(id), keyView);
  const theirs = toTyped(keyFields, key);
  const { outcome, overtaken } = sent ?? { outcome: { typed: theirs }, overtaken: false };
  const [, word] = keyState(key, Date.now());
  const works = word === "active";
  const path = `${KEYS}/${id}`;
  return (
    <Page
      title={key.name}
      frame={buildFrame(c)}
      intro={<State of={key} />}
      actions={
        <>
          {works && may(c, "keys.rotate") && (
            <LinkButton to={`${path}/rotate`} kind="quiet">
              Rotate
            </LinkButton>
          )}
          {key.revokedAt === null && may(c, "keys.revoke") && (
            <LinkButton to={`${path}/revoke`} kind="danger">
              Revoke
            </LinkButton>
          )}
        </>
      }
    >
      <section class="card" aria-label="Details">
        <Details
          of={[
            ["Prefix", <code>{key.keyPrefix}</code>],
            ["Total requests", short(key.totalRequests)],
            ["Last used", <Time at={key.lastUsed} />],
            ["Created", <Time at={key.createdAt} />],
            ...(key.revokedAt === null ? [] : [["Revoked", <Time at={key.revokedAt} />] as const]),
            ...(key.rotatedFrom === null
              ? []
              : [["Replaces", <a href={`${KEYS}/${key.rotatedFrom}`}>previous key</a>] as const]),
            ...(may(c, "toolset-bindings.list")
              ? [
                  [
                    "Toolset",
                    <a href={`${BINDINGS_PATH}?subjectType=key&subjectId=${key.id}`}>View binding</a>,
                  ] as const,
                ]
              : []),
          ]}
        />
      </section>
      {may(c, "analytics.read") && <LazyFragment path={`${path}/usage`} label="Usage, last 7 days" />}
      {overtaken && <Differences fields={keyFields} mine={outcome.typed} theirs={theirs} reload={path} />}
      {key.revokedAt === null && may(c, "keys.update") && (
        <Form
          action={path}
          token={c.get("formToken")}
          fields={keyFields}
          typed={outcome.typed}
          options={await loadOptions(keyFields, c.get("rest"))}
          faults={outcome.faults}
          message={outcome.message}
          hidden={{ etag: sent === undefined || overtaken ? etag : c.get("form").etag }}
          submit={overtaken ? "Overwrite" : "Save changes"}
          cancel={KEYS}
        />
      )}
    </Page>
  );
}

const overlapField: FieldSpec = {
  name: "overlapSeconds",
  label: "Grace period for the old key",
  kind: "choice",
  initial: "86400",
  options: [
    { value: "0", label: "None" },
    { value: "3600", label: "1 hour" },
    { value: "86400", label: "1 day" },
    { value: "604800", label: "7 days" },
  ],
};

async function rotatePage(c: AdminContext, once: string, message?: string) {
  const id = c.req.param("id") ?? "";
  const { value: key } = await c.get("rest").read(keyApi(id), keyView);
  return (
    <Page title={`Rotate ${key.name}`} frame={buildFrame(c)}>
      <p>Creates a key with the same permissions. The old key expires after the grace period.</p>
      <Form
        action={`${KEYS}/${id}/rotate`}
        token={c.get("formToken")}
        fields={[overlapField]}
        typed={initialValues([overlapField])}
        options={await loadOptions([overlapField], c.get("rest"))}
        message={message}
        hidden={{ once }}
        submit="Rotate key"
        cancel={`${KEYS}/${id}`}
      />
    </Page>
  );
}

async function revokePage(c: AdminContext, problem?: string) {
  const id = c.req.param("id") ?? "";
  const { value: key } = await c.get("rest").read(keyApi(id), keyView);
  return (
    <ConfirmPage
      frame={buildFrame(c)}
      title={`Revoke ${key.name}?`}
      says="The key is rejected within one second and cannot be restored."
      name={key.name}
      action={`${KEYS}/${id}/revoke`}
      submit="Revoke key"
      cancel={`${KEYS}/${id}`}
      problem={problem}
    />
  );
}

export const keys = new Hono<AdminEnv>()
  .use(`${KEYS}/new`, recently())
  .use(`${KEYS}/:id/rotate`, recently())
  .route("/", list)
  .get(`${KEYS}/new`, requirePagePermission("keys.create"), async (c) =>
    c.html(await newPage(c, { typed: initialValues(newFields(c)) }, crypto.randomUUID())),
  )
  .post(`${KEYS}/new`, requirePagePermission("keys.create"), async (c) => {
    const typed = readTyped(newFields(c), c.get("posted"));
    const { body, faults } = readFields(keyFields, typed);
    const once = c.get("form").once ?? "";
    if (faults.length > 0) return c.html(await newPage(c, { typed, faults }, once), 422);
    const sent = await c.get("rest").send("POST", "/keys", { json: { ...body, ...ownerIn(typed) }, once });
    if (!sent.ok) return c.html(await newPage(c, toFormOutcome(sent.refusal, typed), once), 422);
    const { key, secret } = made.parse(sent.value);
    return c.html(<ShownOnce c={c} name={key.name} secret={secret} />);
  })
  .get(`${KEYS}/:id`, requirePagePermission("keys.read"), async (c) => c.html(await keyPage(c)))
  .post(`${KEYS}/:id`, requirePagePermission("keys.update"), async (c) => {
    const id = c.req.param("id");
    const typed = readTyped(keyFields, c.get("posted"));
    const { body, faults } = readFields(keyFields, typed);
    if (faults.length > 0) {
      return c.html(await keyPage(c, { outcome: { typed, faults }, overtaken: false }), 422);
    }
    const sent = await c.get("rest").send("PATCH", keyApi(id), { json: body, ifMatch: c.get("form").etag });
    if (!sent.ok) {
      const overtaken = sent.refusal.code === "precondition_failed";
      const outcome = overtaken ? { typed } : toFormOutcome(sent.refusal, typed);
      return c.html(await keyPage(c, { outcome, overtaken }), overtaken ? 412 : 422);
    }
    await setFlash(c, { says: "Changes saved." });
    return c.redirect(`${KEYS}/${id}`, 303);
  })
  .get(`${KEYS}/:id/rotate`, requirePagePermission("keys.rotate"), async (c) =>
    c.html(await rotatePage(c, crypto.randomUUID())),
  )
  .post(`${KEYS}/:id/rotate`, requirePagePermission("keys.rotate"), async (c) => {
    const { once = "", overlapSeconds = "" } = c.get("form");
    const json = { overlapSeconds: Number(overlapSeconds) };
    const sent = await c.get("rest").send("POST", `${keyApi(c.req.param("id"))}/rotate`, { json, once });
    if (!sent.ok) {
      toFormOutcome(sent.refusal, {});
      return c.html(await rotatePage(c, once, sent.refusal.message), 422);
    }
    const { key, secret, oldKeyExpiresAt } = renewed.parse(sent.value);
    return c.html(
      <ShownOnce c={c} name={key.name} secret={secret}>
        <p>
          The old key expires at <Time at={oldKeyExpiresAt} />.
        </p>
      </ShownOnce>,
    );
  })
  .get(`${KEYS}/:id/revoke`, requirePagePermission("keys.revoke"), async (c) => c.html(await revokePage(c)))
  .post(`${KEYS}/:id/revoke`, requirePagePermission("keys.revoke"), async (c) => {
    const id = c.req.param("id");
    const { value: key } = await c.get("rest").read(keyApi(id), keyView);
    if (!isConfirmed(c.get("form"), key.name)) {
      return c.html(await revokePage(c, "The name does not match. The key was not revoked."), 422);
    }
    const sent = await c.get("rest").send("DELETE", keyApi(id));
    if (!sent.ok) throw sent.refusal;
    await setFlash(c, { says: `API key ${key.name} revoked.` });
    return c.redirect(KEYS, 303);
  })
  .route("/", usage);
