/** One request, with its calls and failures. */

import { Hono } from "hono";
import type { Child } from "hono/jsx";
import { z } from "zod";
import { HOUR_MS, SECOND_MS } from "../../core/durations.ts";
import { NotFoundError } from "../../core/errors.ts";
import { uuidv7Time } from "../../core/ids.ts";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { CopyableLink, type FindName, loadNames, type RecordKind } from "../lookups/record-names.tsx";
import { Badge, CopyButton, Details, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { durationText, requestShape, Status, What } from "./request-rows.tsx";

const fullShape = requestShape.extend({
  traceId: z.string().nullable(),
  upstreamMs: z.number().nullable(),
  requestBytes: z.number().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  country: z.string().nullable(),
  metadata: z.unknown(),
});

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

const around = (at: number, before: number, after: number) => ({
  from: new Date(at - before).toISOString(),
  to: new Date(at + after).toISOString(),
});

export const requestDetail = new Hono<AdminEnv>().get(
  "/admin/logs/:id{[0-9a-f-]{36}}",
  requirePagePermission("request-logs.list"),
  async (c) => {
    const id = c.req.param("id");
    const statedAt = Date.parse(c.req.query("at") ?? "");
    const at = Number.isNaN(statedAt) ? uuidv7Time(id) : statedAt;
    const rest = c.get("rest");
    const found = await rest.read("/request-logs", pageShape(fullShape), {
      id,
      ...around(at, SECOND_MS, SECOND_MS),
    });
    const [request] = found.value.items;
    if (request === undefined)
      throw new NotFoundError("Request not found. It may be past the retention period.");
    const { requestId } = request;
    const nameOf = await loadNames(rest, {
      user: [request.userId],
      key: [request.apiKeyId],
      server: [request.targetServerId],
    });
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
          <Facts request={request} nameOf={nameOf} />
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

interface FactsProps {
  readonly request: z.output<typeof fullShape>;
  readonly nameOf: FindName;
}

function Facts({ request, nameOf }: FactsProps) {
  const { targetServerId, userId, apiKeyId, requestId, clientRequestId, traceId } = request;
  const link = (kind: RecordKind, id: string | null) =>
    id && <CopyableLink kind={kind} id={id} nameOf={nameOf} />;
  const known: readonly (readonly [string, Child | null])[] = [
    ["Operation", <What request={request} />],
    ["Outcome", <Status request={request} />],
    ["HTTP status", String(request.statusCode)],
    ["Error code", request.errorCode === null ? null : <code>{request.errorCode}</code>],
    ["Duration", durationText(request.durationMs)],
    ["Upstream duration", request.upstreamMs === null ? null : durationText(request.upstreamMs)],
    ["Method and path", <code>{`${request.method} ${request.path}`}</code>],
    ["MCP method", request.mcpMethod === null ? null : <code>{request.mcpMethod}</code>],
    ["Server", link("server", targetServerId)],
    ["Principal", link("user", userId)],
    ["API key", link("key", apiKeyId)],
    ["Client", request.clientName],
    ["User agent", request.userAgent],
    ["IP address", request.ipAddress === null ? null : `${request.ipAddress} ${request.country ?? ""}`],
    ["Request size", request.requestBytes === null ? null : `${request.requestBytes} bytes`],
    ["Client request ID", clientRequestId === null ? null : <code>{clientRequestId}</code>],
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
