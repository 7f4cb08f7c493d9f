/** The pages of feature flags: targeting, evaluation for a subject, and outcomes by variant. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { ROLES } from "../../core/enums.ts";
import { KNOWN_FLAGS } from "../../core/flags/known-flags.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { Button, Notice } from "../forms/controls.tsx";
import { type FieldSpec, readFields, readTyped, type Typed } from "../forms/fields.ts";
import { FieldView, loadOptions } from "../forms/form.tsx";
import { type ApiError, pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { memberOptions } from "../lookups/choices.ts";
import { Badge, Empty } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { FlagResults, side } from "./flag-results.tsx";
import { Targeting, targetingRoutes } from "./targeting.tsx";

const flag = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  key: z.string(),
  name: z.string(),
  isEnabled: z.boolean(),
  percentage: z.number(),
  rules: z.array(z.unknown()),
  userIds: z.array(z.string()),
});

type Flag = z.output<typeof flag>;

const known = Object.entries(KNOWN_FLAGS).map(([key, { description }]) => `${key}: ${description}`);

function Whom({ of: { isEnabled, percentage, rules, userIds } }: { of: Flag }) {
  if (!isEnabled) return <Badge tone="off">Disabled</Badge>;
  const others = rules.length > 0 || userIds.length > 0 ? " of remaining users" : "";
  const more = [
    ...(userIds.length > 0 ? [`${userIds.length} ${userIds.length === 1 ? "user" : "users"}`] : []),
    ...(rules.length > 0 ? [`${rules.length} ${rules.length === 1 ? "rule" : "rules"}`] : []),
    `${percentage} %${others}`,
  ];
  return <Badge tone="good">{more.join(", ")}</Badge>;
}

const flags = crudPages({
  name: "feature-flags",
  path: "/admin/settings/flags",
  title: "Feature flags",
  noun: "feature flag",
  intro: `Runtime switches. The gateway uses ${Object.keys(KNOWN_FLAGS).join(", ")}; your programs can read all flags at /api/v1/me/flags.`,
  empty: "Roll out a feature gradually and roll it back without a deployment.",
  list: {
    shape: flag,
    usual: "key",
    search: "Key, name or description",
    filters: [{ name: "isEnabled", label: "Enabled", kind: "choice", options: YES_NO }],
    columns: [
      { name: "key", label: "Key", sorts: true, show: ({ key }) => <code>{key}</code> },
      { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
      {
        name: "isEnabled",
        label: "Enabled for",
        show: (row) => <Whom of={row} />,
      },
      {
        name: "tenantId",
        label: "Scope",
        show: ({ tenantId }) => (tenantId === null ? "System" : ""),
      },
    ],
  },
  fields: [
    {
      name: "key",
      label: "Key",
      kind: "text",
      fixed: true,
      maxlength: 200,
      hint: `Identifier used in code. ${known.join(" ")}`,
    },
    { name: "name", label: "Name", kind: "text", maxlength: 200 },
    { name: "description", label: "Description", kind: "long", optional: true },
    { name: "isEnabled", label: "Enabled", kind: "yes" },
    {
      name: "percentage",
      label: "Rollout percentage",
      kind: "number",
      min: 0,
      max: 100,
      initial: "100",
      hint: "Rollout for subjects that no rule matches. Assignment is stable.",
    },
    {
      name: "userIds",
      label: "Always enabled for",
      kind: "lines",
      optional: true,
      hint: "User IDs, or API key IDs without owner. One per line.",
    },
    {
      name: "rules",
      label: "Rules",
      kind: "json",
      optional: true,
      empty: "omit",
      hint: "The first matching rule applies. Easier to edit under Targeting.",
    },
  ],
  nameOf: ({ key }) => key,
  isForeign: ({ tenantId }) => tenantId === null,
  about: (row) => (
    <>
      <p class="start">
        <Whom of={row} /> <a href={`/admin/settings/flags/${row.id}/targeting`}>Targeting</a>{" "}
        <a href={`/admin/settings/flags/${row.id}/try`}>Evaluate</a>{" "}
        <a href={`/admin/settings/flags/${row.id}/results`}>Results</a>
      </p>
      {row.rules.length > 0 && <Targeting rules={row.rules} />}
    </>
  ),
});

const verdict = z.object({
  isOn: z.boolean(),
  reason: z.enum(["off", "named", "rule", "percentage"]),
  rule: z.number().nullable(),
});

const REASONS = {
  off: "The flag is disabled.",
  named: "The subject is listed by ID.",
  rule: "A rule matches",
  percentage: "No rule matches; the rollout percentage applies.",
};

/** The fields that identify a subject; the first one given applies. */
const WHO: readonly FieldSpec[] = [
  {
    name: "userId",
    label: "A member",
    kind: "choice",
    options: memberOptions,
    optional: true,
    empty: "omit",
  },
  {
    name: "keyId",
    label: "Or an API key",
    kind: "text",
    optional: true,
    empty: "omit",
    hint: "API key ID.",
    maxlength: 36,
  },
  {
    name: "role",
    label: "Or a role",
    kind: "choice",
    options: optionsFrom(ROLES),
    optional: true,
    empty: "omit",
  },
];

function memberIn(typed: Typed): object | undefined {
  const { userId, keyId, role } = readFields(WHO, typed).body;
  if (userId !== undefined) return { userId };
  if (keyId !== undefined) return { keyId };
  return role === undefined ? undefined : { role };
}

type Tried = { readonly verdict: z.output<typeof verdict> } | { readonly refusal: ApiError } | undefined;

async function tryOut(c: Context<AdminEnv>, id: string, typed: Typed): Promise<Tried> {
  const principal = memberIn(typed);
  if (principal === undefined) return undefined;
  const sent = await c.get("rest").send("POST", `/feature-flags/${id}/try`, { json: { principal } });
  return sent.ok ? { verdict: verdict.parse(sent.value) } : { refusal: sent.refusal };
}

function Verdict({ of: { isOn, reason, rule } }: { of: z.output<typeof verdict> }) {
  return (
    <section class="card" aria-label="Result">
      <p>
        <Badge tone={isOn ? "good" : "off"}>{isOn ? "on" : "off"}</Badge> {REASONS[reason]}
        {rule !== null && `: rule ${rule + 1} applies.`}
      </p>
    </section>
  );
}

const crumbsOf = ({ id, key }: { id: string; key: string }) => [
  { label: key, path: `/admin/settings/flags/${id}` },
];

const period = z.coerce.number().int().min(1).max(720).catch(24);

export const featureFlags = new Hono<AdminEnv>()
  .route("/", flags)
  .route("/", targetingRoutes)
  // Nothing is written, so it is a GET: the address may be passed on.
  .get("/admin/settings/flags/:id/try", requirePagePermission("feature-flags.read"), async (c) => {
    const id = encodeURIComponent(c.req.param("id"));
    const rest = c.get("rest");
    const typed = readTyped(WHO, new URL(c.req.url).searchParams);
    const [{ value: row }, tried, options] = await Promise.all([
      rest.read(`/feature-flags/${id}`, flag),
      tryOut(c, id, typed),
      loadOptions(WHO, rest),
    ]);
    return c.html(
      <Page
        title="Evaluate"
        intro="Evaluates the flag without recording an exposure."
        frame={buildFrame(c)}
        crumbs={crumbsOf(row)}
      >
        {tried !== undefined && "verdict" in tried && <Verdict of={tried.verdict} />}
        {tried !== undefined && "refusal" in tried && <Notice bad>{tried.refusal.message}</Notice>}
        <form method="get" class="wide card">
          {WHO.map((field) => (
            <FieldView
              field={field}
              texts={typed[field.name] ?? []}
              options={options.get(field.name) ?? []}
              faults={[]}
            />
          ))}
          <div class="start">
            <Button>Evaluate</Button>
          </div>
        </form>
      </Page>,
    );
  })
  .get("/admin/settings/flags/:id/results", requirePagePermission("feature-flags.read"), async (c) => {
    const id = encodeURIComponent(c.req.param("id"));
    const hours = period.parse(c.req.query("hours"));
    const rest = c.get("rest");
    const [{ value: row }, { value: results }] = await Promise.all([
      rest.read(`/feature-flags/${id}`, flag),
      rest.read(`/feature-flags/${id}/results`, pageShape(side), { hours }),
    ]);
    return c.html(
      <Page title="Results" intro="Outcomes by variant." frame={buildFrame(c)} crumbs={crumbsOf(row)}>
        {results.items.length === 0 ? (
          <div class="card">
            <Empty title="No exposures yet">
              <p>Each evaluation of the flag is counted hourly.</p>
            </Empty>
          </div>
        ) : (
          <FlagResults id={row.id} hours={hours} sides={results.items} />
        )}
      </Page>,
    );
  });
