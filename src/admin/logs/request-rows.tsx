/** How a request is shown, in the list and as it comes. */
import { z } from "zod";
import { classifyError } from "../../core/analytics/error-classes.ts";
import { classifyRequest, type RequestResult } from "../../core/analytics/request-outcome.ts";
import { withUnit } from "../charts/scale.ts";
import type { Column } from "../lists/spec.ts";
import { Badge, Time } from "../ui/components.tsx";

export const requestShape = z.object({
  id: z.string(),
  requestTime: z.string(),
  requestId: z.string().nullable(),
  clientRequestId: z.string().nullable(),
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  method: z.string(),
  path: z.string(),
  mcpMethod: z.string().nullable(),
  toolName: z.string().nullable(),
  targetServerId: z.string().nullable(),
  statusCode: z.number(),
  durationMs: z.number(),
  errorCode: z.string().nullable(),
  clientName: z.string().nullable(),
});
export type RequestRow = z.output<typeof requestShape>;

/** The time leads to the partition that holds it. */
export const requestPath = ({ id, requestTime }: Pick<RequestRow, "id" | "requestTime">) =>
  `/admin/logs/${id}?at=${encodeURIComponent(requestTime)}`;

/** Why it failed; undefined where it succeeded. */
const failureReason = ({ statusCode, errorCode }: RequestResult): string | undefined =>
  classifyRequest({ statusCode, errorCode }) === "success"
    ? undefined
    : classifyError(errorCode ?? `http_${statusCode}`).title;

export function Status({ request }: { request: RequestResult }) {
  const reason = failureReason(request);
  if (reason === undefined) return <Badge tone="good">Success</Badge>;
  return <Badge tone="bad">{`Error: ${reason}`}</Badge>;
}

/** The tool or the method, or the route of the gateway itself. */
export function What({ request: { method, path, mcpMethod, toolName } }: { request: RequestRow }) {
  if (toolName !== null) return <code>{toolName}</code>;
  return <code>{mcpMethod ?? `${method} ${path}`}</code>;
}

/** Choices of a filter. */
export const OUTCOMES = [
  { value: "success", label: "Success" },
  { value: "error", label: "Error" },
];

/** Columns of every list of requests, by their names. */
export const REQUEST_COLUMNS = {
  time: { name: "requestTime", label: "Time", show: ({ requestTime }) => <Time at={requestTime} /> },
  request: {
    ...{ name: "toolName", label: "Request", show: (request) => <What request={request} /> },
    plain: ({ method, path, mcpMethod, toolName }) => toolName ?? mcpMethod ?? `${method} ${path}`,
  },
  client: { name: "clientName", label: "Client", show: ({ clientName }) => clientName ?? "" },
  outcome: {
    ...{ name: "outcome", label: "Outcome", show: (request) => <Status request={request} /> },
    plain: classifyRequest,
  },
  duration: {
    ...{ name: "durationMs", label: "Duration", number: true },
    show: ({ durationMs }) => durationText(durationMs),
    plain: ({ durationMs }) => durationMs,
  },
  reason: { name: "reason", label: "Reason", plain: failureReason },
} satisfies Record<string, Column<RequestRow>>;

export const durationText = (ms: number) => (ms >= 10_000 ? withUnit(ms / 1000, "s") : withUnit(ms, "ms"));

/** Of the tail. */
export function RequestLine({ request }: { request: RequestRow }) {
  return (
    <div class="line-of-log" id={`request-${request.id}`}>
      <a href={requestPath(request)}>
        <Time at={request.requestTime} />
      </a>
      <span>
        <What request={request} />
      </span>
      <span class="quiet-text">{request.clientName ?? ""}</span>
      <span class="number">{durationText(request.durationMs)}</span>
      <Status request={request} />
    </div>
  );
}
