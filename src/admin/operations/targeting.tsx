/** Whom a flag is for, rule by rule: added, moved and taken away one at a time. */
import { Hono } from "hono";
import { z } from "zod";
import { ROLES } from "../../core/enums.ts";
import { Notice, PostForm } from "../forms/controls.tsx";
import { type FieldSpec, initialValues, readTyped, type Typed } from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import type { ApiError } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { optionsFrom } from "../lists/spec.ts";
import { memberOptions } from "../lookups/choices.ts";
import { Badge } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const rule = z.object({
  roles: z.array(z.string()).optional(),
  userIds: z.array(z.string()).optional(),
  isEnabled: z.boolean(),
});

type Rule = z.output<typeof rule>;

const flag = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  key: z.string(),
  percentage: z.number(),
  rules: z.array(rule),
});

function whom({ roles, userIds }: Rule): string {
  const names = [
    ...(roles === undefined ? [] : [roles.join(" or ")]),
    ...(userIds === undefined ? [] : [`${userIds.length} named`]),
  ];
  return names.length === 0 ? "all roles and users" : names.join(", of which ");
}

function Sentence({ of }: { of: Rule }) {
  return (
    <span>
      <Badge tone={of.isEnabled ? "good" : "off"}>{of.isEnabled ? "on" : "off"}</Badge> for {whom(of)}
    </span>
  );
}

/** Shows the targeting rules of a flag without editing. */
export function Targeting({ rules }: { rules: readonly unknown[] }) {
  const known = rules.flatMap((each) => rule.safeParse(each).data ?? []);
  return (
    <section class="card" aria-label="Rules">
      <ol>
        {known.map((each) => (
          <li>
            <Sentence of={each} />
          </li>
        ))}
      </ol>
    </section>
  );
}

const FIELDS: readonly FieldSpec[] = [
  {
    name: "roles",
    label: "Roles",
    kind: "choices",
    options: optionsFrom(ROLES),
    hint: "Default: all roles.",
  },
  {
    name: "userIds",
    label: "Users",
    kind: "choices",
    options: memberOptions,
    hint: "Default: all users. API keys without owner are listed on the flag itself.",
  },
  {
    name: "isEnabled",
    label: "Variant",
    kind: "choice",
    options: [
      { value: "on", label: "Enabled" },
      { value: "off", label: "Disabled" },
    ],
    initial: "on",
  },
];

function ruleIn(typed: Typed): Rule {
  const { roles = [], userIds = [], isEnabled = ["on"] } = typed;
  return {
    ...(roles.length > 0 && { roles: [...roles] }),
    ...(userIds.length > 0 && { userIds: [...userIds] }),
    isEnabled: isEnabled[0] !== "off",
  };
}

interface Shown {
  readonly typed?: Typed;
  readonly refusal?: ApiError;
}

async function show(c: AdminContext, id: string, { typed, refusal }: Shown = {}) {
  const [{ value, etag }, options] = await Promise.all([
    c.get("rest").read(`/feature-flags/${encodeURIComponent(id)}`, flag),
    loadOptions(FIELDS, c.get("rest")),
  ]);
  const frame = buildFrame(c);
  const path = `/admin/settings/flags/${value.id}/targeting`;
  const mayChange = may(c, "feature-flags.update") && value.tenantId !== null;
  const button = (label: string, hidden: Record<string, string>, about: string) => (
    <PostForm action={path} token={frame.formToken} hidden={{ etag, ...hidden }} class="inline">
      <button type="submit" class="quiet" aria-label={`${label}: ${about}`}>
        {label}
      </button>
    </PostForm>
  );
  return (
    <Page
      title="Targeting"
      intro="The first matching rule applies, then the percentage."
      frame={frame}
      crumbs={[{ label: value.key, path: `/admin/settings/flags/${value.id}` }]}
    >
      {refusal !== undefined && (
        <Notice bad>
          {refusal.code === "precondition_failed"
            ? "The flag was changed after you opened it. The current version is shown below. Your changes are not saved."
            : refusal.message}
        </Notice>
      )}
      <section class="card" aria-labelledby="rules">
        <h2 id="rules">Rules</h2>
        {value.rules.length === 0 && <p>No rules yet</p>}
        <ol class="plain">
          {value.rules.map((each, at) => (
            <li class="row">
              <Sentence of={each} />
              {mayChange && (
                <span class="start">
                  {at > 0 && button("Earlier", { do: "earlier", at: String(at) }, whom(each))}
                  {button("Remove", { do: "remove", at: String(at) }, whom(each))}
                </span>
              )}
            </li>
          ))}
        </ol>
        <p class="quiet-text">Otherwise: {value.percentage} %</p>
      </section>
      {mayChange && (
        <>
          <h2>New rule</h2>
          <Form
            action={path}
            token={frame.formToken}
            fields={FIELDS}
            typed={typed ?? initialValues(FIELDS)}
            options={options}
            hidden={{ etag, do: "add" }}
            submit="Add rule"
            cancel={`/admin/settings/flags/${value.id}`}
          />
        </>
      )}
    </Page>
  );
}

const PATH = "/admin/settings/flags/:id/targeting";

function changed(rules: readonly Rule[], what: string | undefined, at: number, added: Rule): readonly Rule[] {
  const moved = rules[at];
  switch (what) {
    case "add":
      return [...rules, added];
    case "remove":
      return rules.filter((_, place) => place !== at);
    case "earlier":
      if (moved === undefined || at === 0) return rules;
      return [...rules.slice(0, at - 1), moved, ...rules.slice(at - 1, at), ...rules.slice(at + 1)];
    default:
      return rules;
  }
}

export const targetingRoutes = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("feature-flags.read"), async (c) =>
    c.html(await show(c, c.req.param("id"))),
  )
  .post(PATH, requirePagePermission("feature-flags.update"), async (c) => {
    const id = c.req.param("id");
    const form = c.get("form");
    const typed = readTyped(FIELDS, c.get("posted"));
    const api = `/feature-flags/${encodeURIComponent(id)}`;
    const { value } = await c.get("rest").read(api, flag);
    const rules = changed(value.rules, form.do, Number(form.at), ruleIn(typed));
    // The rules are those that the user has seen, or the API rejects the change.
    const sent = await c.get("rest").send("PATCH", api, { json: { rules }, ifMatch: form.etag });
    if (!sent.ok) {
      if (sent.refusal.status === 403) throw sent.refusal;
      const status = sent.refusal.code === "precondition_failed" ? 412 : 422;
      return c.html(await show(c, id, { typed, refusal: sent.refusal }), status);
    }
    await setFlash(c, { says: "Changes saved." });
    return c.redirect(`/admin/settings/flags/${id}/targeting`, 303);
  });
