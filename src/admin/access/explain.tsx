/** The access check: what a principal may do, and why. The query is in the URL, and the result comes from the rules that decide calls. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { PERMISSIONS } from "../../core/access/permissions.ts";
import { ROLES } from "../../core/enums.ts";
import { Choice, Notice } from "../forms/controls.tsx";
import type { Option } from "../forms/fields.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { parseSubject, serverOptions, subjectOptions } from "../lookups/choices.ts";
import { Badge, Details, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const PATH = "/admin/access/check";

const explanation = z.object({
  allowed: z.boolean(),
  decidedBy: z.string(),
  reason: z.string(),
  rule: z.object({ id: z.string() }).nullable(),
  at: z.string(),
});
type Explanation = z.infer<typeof explanation>;

/** As the address has it. */
interface AccessQuestion {
  readonly who: string;
  readonly kind: string;
  readonly server: string;
  readonly name: string;
  readonly action: string;
  readonly at: string;
}

const KINDS: readonly Option[] = [
  { value: "tool", label: "Call a tool" },
  { value: "prompt", label: "Get a prompt" },
  { value: "resource", label: "Read a resource" },
  { value: "server", label: "Connect to a server" },
  { value: "action", label: "Administrative permission" },
];

/** What the interface calls what decided, in words. */
const BECAUSE: Readonly<Record<string, string>> = {
  role: "Role",
  scope: "Scopes",
  operator: "Operator status",
  configuration: "Resource type",
  rule: "Access rule",
  readonly: "Read-only restriction",
  default: "Default access",
  credential: "Credential status",
};

const parseQuestion = (c: Context<AdminEnv>): AccessQuestion => {
  const of = (name: string) => c.req.query(name)?.trim() ?? "";
  return {
    who: of("who"),
    kind: of("kind") || "tool",
    server: of("server"),
    name: of("name"),
    action: of("action"),
    at: of("at"),
  };
};

/** True for a value that the datetime field accepts; the query string may contain anything. */
const isMoment = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text);

const isAsked = ({ kind, server, action }: AccessQuestion) =>
  kind === "action" ? action !== "" : server !== "";

function principalIn(who: string) {
  const { type, id } = parseSubject(who);
  if (type === "user") return { userId: id };
  if (type === "group") return { groupId: id };
  return type === "key" ? { keyId: id } : { role: id };
}

function questionOf({ who, kind, server, name, action, at }: AccessQuestion) {
  const time = at === "" ? undefined : new Date(`${at}Z`);
  return {
    principal: principalIn(who),
    ...(kind === "action" ? { action } : { use: { kind, serverId: server, name } }),
    ...(time !== undefined && { at: Number.isNaN(time.getTime()) ? at : time.toISOString() }),
  };
}

type Answer = { readonly says: Explanation } | { readonly problem: string };

async function ask(c: Context<AdminEnv>, asked: AccessQuestion): Promise<Answer> {
  const sent = await c.get("rest").send("POST", "/access/explain", { json: questionOf(asked) });
  if (sent.ok) return { says: explanation.parse(sent.value) };
  if (sent.refusal.status === 403) throw sent.refusal;
  const { errors, message } = sent.refusal;
  return { problem: errors.map((fault) => `${fault.path} ${fault.message}`).join(" · ") || message };
}

export const accessCheck = new Hono<AdminEnv>().get(
  PATH,
  requirePagePermission("access.explain"),
  async (c) => {
    const asked = parseQuestion(c);
    const rest = c.get("rest");
    const asks = isAsked(asked);
    const [subjects, servers, answer, roles] = await Promise.all([
      subjectOptions(rest),
      serverOptions(rest),
      asks && asked.who !== "" ? ask(c, asked) : undefined,
      asks
        ? Promise.all(
            ROLES.map(async (role) => ({ role, answer: await ask(c, { ...asked, who: `role:${role}` }) })),
          )
        : [],
    ]);
    return c.html(
      <Page
        title="Access check"
        intro="Evaluate the rules for a principal at a point in time. No call is made."
        frame={buildFrame(c)}
      >
        <Question asked={asked} subjects={subjects} servers={servers} />
        {answer !== undefined && <Verdict answer={answer} who={labelOf(subjects, asked.who)} />}
        {roles.length > 0 && <ByRole rows={roles} />}
      </Page>,
    );
  },
);

const labelOf = (options: readonly Option[], value: string) =>
  options.find((option) => option.value === value)?.label ?? value;

interface QuestionProps {
  readonly asked: AccessQuestion;
  readonly subjects: readonly Option[];
  readonly servers: readonly Option[];
}

function Question({ asked, subjects, servers }: QuestionProps) {
  const isAction = asked.kind === "action";
  return (
    <form method="get" action={PATH} class="filters card lookup">
      <Choice name="who" label="Principal" value={asked.who} options={subjects} none="All roles" />
      <Choice name="kind" label="Operation" value={asked.kind} options={KINDS} submits />
      {isAction ? (
        <Choice
          name="action"
          label="Permission"
          value={asked.action}
          options={Object.keys(PERMISSIONS).map((value) => ({ value, label: value }))}
          none="–"
        />
      ) : (
        <>
          <Choice name="server" label="Server" value={asked.server} options={servers} none="–" />
          {asked.kind !== "server" && (
            <label>
              Name
              <input
                type="text"
                name="name"
                value={asked.name}
                maxlength={2000}
                placeholder={asked.kind === "resource" ? "file:///…" : "Name on the server"}
              />
            </label>
          )}
        </>
      )}
      <label>
        Time (UTC)
        <input type="datetime-local" name="at" value={isMoment(asked.at) ? asked.at : ""} />
      </label>
      <button type="submit">Check access</button>
    </form>
  );
}

const Decision = ({ allowed }: Pick<Explanation, "allowed">) => (
  <Badge tone={allowed ? "good" : "bad"}>{allowed ? "Allowed" : "Denied"}</Badge>
);

const RuleLink = ({ rule }: Pick<Explanation, "rule">) =>
  rule === null ? <>–</> : <a href={`/admin/access/${rule.id}`}>View rule</a>;

function Verdict({ answer, who }: { answer: Answer; who: string }) {
  if ("problem" in answer) return <Notice bad>{answer.problem}</Notice>;
  const { says } = answer;
  return (
    <section class="card" aria-labelledby="verdict">
      <div class="row">
        <h2 id="verdict">{who}</h2>
        <Decision allowed={says.allowed} />
      </div>
      <p>{says.reason}</p>
      <Details
        of={[
          ["Decided by", BECAUSE[says.decidedBy] ?? says.decidedBy],
          ["Rule", <RuleLink rule={says.rule} />],
          ["Evaluated at", <Time at={says.at} />],
        ]}
      />
    </section>
  );
}

function ByRole({ rows }: { rows: readonly { readonly role: string; readonly answer: Answer }[] }) {
  return (
    <section class="list" aria-labelledby="by-role">
      <h2 id="by-role">By role</h2>
      <section class="scroll" aria-label="Decision by role" tabindex={0}>
        <table>
          <TableHead columns={["Role", "Decision", "Decided by", "Reason", "Rule"]} />
          <tbody>
            {rows.map(({ role, answer }) =>
              "problem" in answer ? (
                <tr>
                  <td>{role}</td>
                  <td colspan={4}>{answer.problem}</td>
                </tr>
              ) : (
                <tr>
                  <td>{role}</td>
                  <td>
                    <Decision allowed={answer.says.allowed} />
                  </td>
                  <td>{BECAUSE[answer.says.decidedBy] ?? answer.says.decidedBy}</td>
                  <td>{answer.says.reason}</td>
                  <td>
                    <RuleLink rule={answer.says.rule} />
                  </td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </section>
    </section>
  );
}
