/** One request, with the calls and failures that belong to it. */
import { Hono } from "hono";
import type { Child } from "hono/jsx";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import { uuidv7Time } from "../../core/ids.ts";
import { type ApiClient, ApiError, pageShape } from "../http/api-client.ts";
import { type AdminEnv, requirePagePermission } from "../http/require-permission.ts";
import { Badge, CopyButton, Details, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { durationText, requestShape, Status, What } from "./request-rows.tsx";

const fullShape = requestShape.extend({
  traceId: z.string().nullable(),
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  upstreamMs: z.number().nullable(),
  requestBytes: z.number().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  country: z.string().nullable(),
  metadata: z.unknown(),
});
type Full = z.output<typeof fullShape>;

const callShape = z.object({
  id: z.string(),
  timestamp: z.string(),
  method: z.string(),
  target: z.string().nullable(),
  success: z.boolean(),
  durationMs: z.number().nullable(),
  errorMessage: z.string().nullable(),
  params: z.unknown(),
  result: z.unknown(),
});
type Call = z.output<typeof callShape>;

const failureShape = z.object({ id: z.string(), code: z.string(), message: z.string(), source: z.string() });

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

const around = (at: number, before: number, after: number) => ({
  from: new Date(at - before).toISOString(),
  to: new Date(at + after).toISOString(),
});

export const requestDetail = new Hono<AdminEnv>().get(
  "/admin/logs/:id{[0-9a-f-]{36}}",
  requirePagePermission("request-logs.list"),
  async (c) => {
    const id = c.req.param("id");
    const told = Date.parse(c.req.query("at") ?? "");
    const at = Number.isNaN(told) ? uuidv7Time(id) : told;
    const rest = c.get("rest");
    const found = await rest.read("/request-logs", pageShape(fullShape), {
      id,
      ...around(at, SECOND_MS, SECOND_MS),
    });
    const [request] = found.value.items;
    if (request === undefined)
      throw new NotFoundError("Request not found. It may be past the retention period.");
    const { requestId } = request;
    const names = await namesIn(rest, request);
    // What a session holds may come later than the request that brought it.
    const period = around(at, HOUR_MS, HOUR_MS);
    const [calls, failures] =
      requestId === null
        ? [[], []]
        : await Promise.all([
            rest.read("/mcp-audit-logs", pageShape(callShape), { requestId, ...period }).then(itemsOf),
            rest.read("/error-logs", pageShape(failureShape), { requestId, ...period }).then(itemsOf),
          ]);
    return c.html(
      <Page title="Request" frame={buildFrame(c)} intro={<Time at={request.requestTime} />}>
        <section class="card" aria-label="Request">
          <Facts request={request} names={names} />
        </section>
        {calls.map((call) => (
          <CallCard call={call} />
        ))}
        {failures.map(({ code, message, source }) => (
          <section class="card" aria-label="Error">
            <h2>Error</h2>
            <Details
              of={[
                ["Source", source],
                ["Code", <code>{code}</code>],
                ["Message", message],
              ]}
            />
          </section>
        ))}
      </Page>,
    );
  },
);

const itemsOf = <T,>({ value }: { value: { items: T[] } }): T[] => value.items;

const named = z.object({ name: z.string() });

/** Undefined where it is gone, or never had one. */
async function nameAt(rest: ApiClient, path: string, id: string | null): Promise<string | undefined> {
  if (id === null) return undefined;
  try {
    return (await rest.read(`${path}/${encodeURIComponent(id)}`, named)).value.name;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

async function namesIn(rest: ApiClient, { targetServerId, userId, apiKeyId }: Full) {
  const [server, user, key] = await Promise.all([
    nameAt(rest, "/servers", targetServerId),
    nameAt(rest, "/users", userId),
    nameAt(rest, "/keys", apiKeyId),
  ]);
  return { server, user, key };
}

/** A link where there is something to go to. */
function Thing({ id, name, path }: { id: string; name: string | undefined; path: string }) {
  return name === undefined ? <code>{id}</code> : <a href={`${path}/${encodeURIComponent(id)}`}>{name}</a>;
}

interface FactsProps {
  readonly request: Full;
  readonly names: Awaited<ReturnType<typeof namesIn>>;
}

function Facts({ request, names }: FactsProps) {
  const { targetServerId, userId, apiKeyId, requestId, traceId } = request;
  const known: readonly (readonly [string, Child | null])[] = [
    ["Operation", <What request={request} />],
    ["Outcome", <Status request={request} />],
    ["Duration", durationText(request.durationMs)],
    ["Upstream duration", request.upstreamMs === null ? null : durationText(request.upstreamMs)],
    ["Method and path", <code>{`${request.method} ${request.path}`}</code>],
    ["MCP method", request.mcpMethod === null ? null : <code>{request.mcpMethod}</code>],
    ["Server", targetServerId && <Thing id={targetServerId} name={names.server} path="/admin/servers" />],
    ["User", userId && <Thing id={userId} name={names.user} path="/admin/members" />],
    ["API key", apiKeyId && <Thing id={apiKeyId} name={names.key} path="/admin/keys" />],
    ["Client", request.userAgent],
    ["IP address", request.ipAddress === null ? null : `${request.ipAddress} ${request.country ?? ""}`],
    ["Request size", request.requestBytes === null ? null : `${request.requestBytes} bytes`],
    ["Trace", traceId === null ? null : <code>{traceId}</code>],
    [
      "Request ID",
      requestId === null ? null : (
        <span class="start">
          <code id="request-id">{requestId}</code> <CopyButton from="request-id" />
        </span>
      ),
    ],
  ];
  return <Details of={known.filter(([, value]) => value !== null)} />;
}

function CallCard({ call }: { call: Call }) {
  const { method, target, success, durationMs, errorMessage, params, result } = call;
  return (
    <section class="card" aria-label={`Call of ${target ?? method}`}>
      <div class="row">
        <h2>
          <code>{method}</code> {target ?? ""}
        </h2>
        <Badge tone={success ? "good" : "bad"}>{success ? "Success" : "Error"}</Badge>
      </div>
      <p class="quiet-text">
        <Time at={call.timestamp} /> {durationMs === null ? "" : `· ${durationText(durationMs)}`}
      </p>
      {errorMessage !== null && <p>{errorMessage}</p>}
      <Payload label="Request" value={params} />
      <Payload label="Response" value={result} />
      {params == null && result == null && (
        <p class="quiet-text">Payloads are not stored. Enable payload logging in Settings.</p>
      )}
    </section>
  );
}

function Payload({ label, value }: { label: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <>
      <h3>{label}</h3>
      <pre tabindex={0}>{JSON.stringify(value, null, 2)}</pre>
    </>
  );
}
