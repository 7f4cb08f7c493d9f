/** One tool: what it is, a form to call it with, and what came of the call, written as it comes. */
import { Hono } from "hono";
import type { Child } from "hono/jsx";
import { z } from "zod";
import { withUnit } from "../charts/scale.ts";
import type { FormOutcome } from "../crud/pages.tsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { initialValues, readTyped, type Typed } from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { openCookie, sealCookie } from "../http/sealed-cookie.ts";
import { may } from "../lists/routes.tsx";
import { serverPath } from "../servers/server.ts";
import { toolView } from "../servers/tool.tsx";
import { Badge, Details, Empty, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { CONTINUES, isResponse, Meanwhile, parsed, Result, StreamHere, Trace } from "./answer.tsx";
import { type Called, callTool, listMessages, type ReceivedMessage } from "./call.ts";
import { InputForm, inputRequiredShape, readInputs } from "./inputs.tsx";
import { listOwnCalls, OwnCalls } from "./own-calls.tsx";
import { type ArgumentForm, argumentForm } from "./schema-form.ts";

export const TOOLS_PATH = "/admin/tools";

const hint = z.boolean().optional();
const wholeTool = toolView.extend({
  inputSchema: z.record(z.string(), z.unknown()),
  outputSchema: z.record(z.string(), z.unknown()).nullable(),
  annotations: z
    .looseObject({ readOnlyHint: hint, destructiveHint: hint, idempotentHint: hint, openWorldHint: hint })
    .nullable(),
});

type WholeTool = z.infer<typeof wholeTool>;

const readTool = (c: AdminContext) =>
  c.get("rest").read(`/tools/${encodeURIComponent(c.req.param("id") ?? "")}`, wholeTool);

interface ToolPage {
  readonly tool: WholeTool;
  readonly form: ArgumentForm;
  readonly outcome: FormOutcome;
  /** What came of the last call. */
  readonly children?: Child;
}

async function toolPage(c: AdminContext, { tool, form, outcome, children }: ToolPage) {
  const { id, name, title, description, serverId, serverName, annotations, totalCalls } = tool;
  const calls = await listOwnCalls(c, tool);
  return (
    <Page
      title={title ?? name}
      frame={buildFrame(c)}
      actions={
        may(c, "tool-changes.decide") && (
          <PostForm action={`${TOOLS_PATH}/${id}/disable`} token={c.get("formToken")} class="inline">
            <Button kind="danger">Disable tool</Button>
          </PostForm>
        )
      }
      intro={
        <>
          <code>{name}</code> of <a href={serverPath(serverId)}>{serverName}</a>{" "}
          {annotations?.readOnlyHint === true && <Badge tone="good">Read-only</Badge>}{" "}
          {annotations?.destructiveHint === true && annotations.readOnlyHint !== true && (
            <Badge tone="warn">Destructive</Badge>
          )}{" "}
          {annotations?.idempotentHint === true && <Badge>Idempotent</Badge>}
        </>
      }
    >
      {description !== null && <p class="prose">{description}</p>}
      {children}
      <div class="grid">
        {may(c, "mcp.call") ? (
          <section aria-label="Run tool" class="stack">
            <Form
              action={`${TOOLS_PATH}/${id}`}
              token={c.get("formToken")}
              fields={form.fields}
              typed={outcome.typed}
              options={await loadOptions(form.fields, c.get("rest"))}
              faults={outcome.faults}
              message={outcome.message}
              submit="Run tool"
              busy="Running…"
            />
          </section>
        ) : (
          <Empty title="View access" />
        )}
        <section class="card" aria-label="Definition">
          <h2>Usage</h2>
          <Details
            of={[
              ["Calls", String(totalCalls)],
              ["Avg. duration", tool.avgExecutionTime === null ? "–" : withUnit(tool.avgExecutionTime, "ms")],
            ]}
          />
          <details>
            <summary>Input schema</summary>
            <pre>{JSON.stringify(tool.inputSchema, null, 2)}</pre>
          </details>
          {tool.outputSchema !== null && (
            <details>
              <summary>Output schema</summary>
              <pre>{JSON.stringify(tool.outputSchema, null, 2)}</pre>
            </details>
          )}
        </section>
        <OwnCalls tool={tool} calls={calls} />
      </div>
    </Page>
  );
}

const explanation = z.object({ allowed: z.boolean(), reason: z.string() });

/** Loaded for users with the permission; others only see the tool. */
async function decisionFor(c: AdminContext, { serverId, name }: WholeTool): Promise<string> {
  const { userId } = c.get("principal");
  if (!may(c, "access.explain") || userId === undefined) return "Allowed";
  const json = { principal: { userId }, use: { kind: "tool", serverId, name } };
  const sent = await c.get("rest").send("POST", "/access/explain", { json });
  if (!sent.ok) return "Allowed";
  const { allowed, reason } = explanation.parse(sent.value);
  return `${allowed ? "Allowed" : "Denied"}: ${reason}`;
}

/** Sealed between a call and its continuation. */
const CALL = "playground-call";
const sealedCall = z.object({ values: z.record(z.string(), z.unknown()), required: inputRequiredShape });

const response = z.object({ result: inputRequiredShape });
const inputRequiredIn = (message: unknown) => response.safeParse(message).data?.result;

interface Written {
  readonly tool: WholeTool;
  readonly form: ArgumentForm;
  readonly typed: Typed;
  readonly values: Readonly<Record<string, unknown>>;
  readonly called: Called;
}

/** The page as far as it is known; then each message when it comes; then the rest. */
async function* writing(c: AdminContext, { tool, form, typed, values, called }: Written) {
  const page = await toolPage(c, { tool, form, outcome: { typed }, children: <StreamHere /> });
  const [before = "", after = ""] = String(await page).split(CONTINUES);
  yield `${before}<section class="card" aria-label="Result"><h2>Result</h2><div role="log" aria-label="Progress"><ul class="plain tight">`;
  let answer: ReceivedMessage | undefined;
  for await (const received of listMessages(called)) {
    const message = parsed(received.text);
    if (isResponse(message)) answer = received;
    else yield String(await (<Meanwhile {...received} message={message} />));
  }
  const decision = await decisionFor(c, tool);
  const logPath = may(c, "request-logs.list") ? `${TOOLS_PATH}/log/${called.requestId}` : undefined;
  const { name, email } = c.get("person");
  const rest = (
    <>
      {answer === undefined ? (
        <p>The response ended without a result.</p>
      ) : (
        <Result message={parsed(answer.text)} />
      )}
    </>
  );
  yield `</ul></div>${String(await rest)}</section>`;
  const required = answer === undefined ? undefined : inputRequiredIn(parsed(answer.text));
  if (required !== undefined) {
    const sealed = await sealCookie(c, CALL, { values, required });
    const action = `${TOOLS_PATH}/${tool.id}/continue`;
    yield String(
      await (<InputForm required={required} action={action} token={c.get("formToken")} sealed={sealed} />),
    );
  }
  yield String(
    await (
      <Trace
        called={called}
        answer={answer}
        who={`${name} (${email})`}
        server={tool.serverName ?? ""}
        decision={decision}
        logPath={logPath}
      />
    ),
  );
  yield after;
}

function streamed(c: AdminContext, pieces: AsyncGenerator<string>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return c.body(body, 200, { "content-type": "text/html; charset=utf-8" });
}

const logged = z.object({
  requestTime: z.string(),
  method: z.string(),
  path: z.string(),
  mcpMethod: z.string().nullable(),
  toolName: z.string().nullable(),
  statusCode: z.number(),
  durationMs: z.number(),
  upstreamMs: z.number().nullable(),
  errorCode: z.string().nullable(),
  traceId: z.string().nullable(),
});

export const tool = new Hono<AdminEnv>()
  .get(`${TOOLS_PATH}/:id`, requirePagePermission("tools.read"), async (c) => {
    const { value } = await readTool(c);
    const form = argumentForm(value.inputSchema);
    return c.html(await toolPage(c, { tool: value, form, outcome: { typed: initialValues(form.fields) } }));
  })
  .post(`${TOOLS_PATH}/:id`, requirePagePermission("mcp.call"), async (c) => {
    const { value } = await readTool(c);
    const form = argumentForm(value.inputSchema);
    const typed = readTyped(form.fields, c.get("posted"));
    const { values, faults } = form.read(typed);
    if (faults.length > 0) {
      return c.html(await toolPage(c, { tool: value, form, outcome: { typed, faults } }), 422);
    }
    const called = await callTool(c, {
      ...{ server: value.serverName ?? "", tool: value.name, schema: value.inputSchema, values },
    });
    return streamed(c, writing(c, { tool: value, form, typed, values, called }));
  })
  .post(`${TOOLS_PATH}/:id/continue`, requirePagePermission("mcp.call"), async (c) => {
    const { value } = await readTool(c);
    const call = await openCookie(c, CALL, sealedCall, c.get("form").call ?? "");
    if (call === undefined) return c.redirect(`${TOOLS_PATH}/${value.id}`, 303);
    const form = argumentForm(value.inputSchema);
    const { values, required } = call;
    const called = await callTool(c, {
      ...{ server: value.serverName ?? "", tool: value.name, schema: value.inputSchema, values },
      continuation: {
        inputResponses: readInputs(required, c.get("posted")),
        ...(required.requestState !== undefined && { requestState: required.requestState }),
      },
    });
    const typed = initialValues(form.fields);
    return streamed(c, writing(c, { tool: value, form, typed, values, called }));
  })
  .post(`${TOOLS_PATH}/:id/disable`, requirePagePermission("tool-changes.decide"), async (c) => {
    const { value } = await readTool(c);
    const sent = await c.get("rest").send("POST", `/tools/${encodeURIComponent(value.id)}/disable`);
    const says = `${value.name} is disabled. Clients no longer see it.`;
    return redirectWithFlash(c, sent, { says, back: `${serverPath(value.serverId)}/tools` });
  })
  .get(`${TOOLS_PATH}/log/:requestId`, requirePagePermission("request-logs.list"), async (c) => {
    const requestId = c.req.param("requestId");
    const { value } = await c.get("rest").read("/request-logs", pageShape(logged), { requestId, limit: 5 });
    return c.html(
      <Page title="Log of a request" frame={buildFrame(c)}>
        <div class="fragment">
          {value.items.length === 0 && (
            <p class="quiet-text">
              Not logged yet. Logs are a few seconds behind.{" "}
              <a href={`${TOOLS_PATH}/log/${requestId}`}>Refresh</a>
            </p>
          )}
          {value.items.map((entry) => (
            <Details
              of={[
                ["Logged", <Time at={entry.requestTime} />],
                ["Received", [entry.mcpMethod, entry.toolName].filter((part) => part !== null).join(" ")],
                ["Total duration", withUnit(entry.durationMs, "ms")],
                ["Upstream duration", entry.upstreamMs === null ? "–" : withUnit(entry.upstreamMs, "ms")],
                ["Status", String(entry.statusCode)],
                ["Error", entry.errorCode ?? "none"],
                ...(entry.traceId === null ? [] : [["Trace", <code>{entry.traceId}</code>] as const]),
              ]}
            />
          ))}
        </div>
      </Page>,
    );
  });
