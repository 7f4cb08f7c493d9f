/** A request against the routing rules, without sending it: which rule would decide, and why not those before. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Notice } from "../forms/controls.tsx";
import type { FieldSpec } from "../forms/fields.ts";
import { FieldView } from "../forms/form.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Badge, TableHead } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { parseHeaderLines } from "./routing-conditions.ts";

const PATH = "/admin/routing/simulator";
const LIST = "/admin/routing";

const verdictShape = z.object({
  rule: z.object({ id: z.string(), name: z.string(), strategy: z.string() }).nullable(),
  servers: z.array(z.object({ id: z.string(), name: z.string() })),
  tried: z.array(
    z.object({ id: z.string(), name: z.string(), priority: z.number(), unmet: z.string().nullable() }),
  ),
});
type Verdict = z.infer<typeof verdictShape>;

const METHODS = ["tools/call", "tools/list", "prompts/get", "resources/read", "initialize"];

const FIELDS: readonly FieldSpec[] = [
  {
    name: "method",
    label: "Method",
    kind: "choice",
    options: METHODS.map((value) => ({ value, label: value })),
  },
  { name: "tool", label: "Tool", kind: "text", optional: true, hint: "The tool's name on its server." },
  { name: "client", label: "Client", kind: "text", optional: true },
  {
    name: "tags",
    label: "Tags",
    kind: "text",
    optional: true,
    hint: "Comma-separated tags of servers that can serve the request.",
  },
  { name: "headers", label: "Headers", kind: "lines", optional: true, hint: "One per line, as Name: value." },
  {
    name: "stableId",
    label: "Session",
    kind: "text",
    optional: true,
    hint: "Percentages are computed from this value.",
  },
];

const OPTIONS = new Map([["method", METHODS.map((value) => ({ value, label: value }))]]);

const listed = (text: string, by: string) =>
  text
    .split(by)
    .map((each) => each.trim())
    .filter((each) => each !== "");

function requestIn(c: Context<AdminEnv>) {
  const of = (name: string) => c.req.query(name)?.trim() ?? "";
  const given = (name: string) => (of(name) === "" ? {} : { [name]: of(name) });
  return {
    method: of("method"),
    ...given("tool"),
    ...given("client"),
    ...given("stableId"),
    tags: listed(of("tags"), ","),
    headers: parseHeaderLines(listed(of("headers"), "\n")),
  };
}

export const routingTest = new Hono<AdminEnv>().get(
  PATH,
  requirePagePermission("routing-rules.read"),
  async (c) => {
    const isAsked = c.req.query("method") !== undefined;
    const sent = isAsked
      ? await c.get("rest").send("POST", "/routing-rules/test", { json: requestIn(c) })
      : undefined;
    return c.html(
      <Page
        title="Simulator"
        intro="Shows which rule matches and why earlier rules do not. No request is sent."
        frame={buildFrame(c)}
      >
        <div class="grid">
          <form method="get" action={PATH} class="card">
            {FIELDS.map((field) => (
              <FieldView
                field={field}
                texts={[c.req.query(field.name) ?? (field.name === "method" ? "tools/call" : "")]}
                options={OPTIONS.get(field.name) ?? []}
                faults={[]}
              />
            ))}
            <div class="start">
              <button type="submit">Run</button>
            </div>
          </form>
          <div class="stack">
            {sent !== undefined && !sent.ok && <Notice bad>{sent.refusal.message}</Notice>}
            {sent?.ok === true && <Found verdict={verdictShape.parse(sent.value)} />}
          </div>
        </div>
      </Page>,
    );
  },
);

const UNMET: Readonly<Record<string, string>> = {
  tools: "the tool does not match",
  methods: "the method does not match",
  tags: "no server has the tag",
  clients: "the client does not match",
  headers: "a header does not match",
  tenants: "subject does not match",
  percentage: "outside the percentage",
};

function Found({ verdict: { rule, servers, tried } }: { verdict: Verdict }) {
  return (
    <>
      <section class="card" aria-labelledby="verdict">
        <div class="row">
          <h2 id="verdict">{rule === null ? "No rule matches" : rule.name}</h2>
          {rule !== null && <Badge tone="good">matches</Badge>}
        </div>
        {rule === null ? (
          <p>Servers with the tool are used round-robin.</p>
        ) : (
          <p>
            Strategy {rule.strategy.replaceAll("_", " ")}:{" "}
            {servers.length === 0
              ? "Deleted servers: the rule is ignored."
              : servers.map(({ id, name }) => (
                  <>
                    <a class="tag" href={`/admin/servers/${id}`}>
                      {name}
                    </a>{" "}
                  </>
                ))}
          </p>
        )}
      </section>
      {tried.length > 0 && (
        <section class="scroll" aria-label="Evaluated rules" tabindex={0}>
          <table>
            <TableHead columns={["Rule", { figure: "Priority" }, "Matches", "Reason"]} />
            <tbody>
              {tried.map(({ id, name, priority, unmet }) => (
                <tr>
                  <td>
                    <a href={`${LIST}/${id}`}>{name}</a>
                  </td>
                  <td class="number">{priority}</td>
                  <td>
                    <Badge tone={unmet === null ? "good" : "off"}>{unmet === null ? "yes" : "no"}</Badge>
                  </td>
                  <td>{unmet === null ? "" : (UNMET[unmet] ?? unmet)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
