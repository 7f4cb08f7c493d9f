/** How a request is shown, in the list and as it comes. */
import { z } from "zod";
import { classifyError } from "../../core/analytics/error-classes.ts";
import { withUnit } from "../charts/scale.ts";
import { Badge, Time, type Tone } from "../ui/components.tsx";

export const requestShape = z.object({
  id: z.string(),
  requestTime: z.string(),
  requestId: z.string().nullable(),
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

const toneOf = (status: number): Tone => (status >= 500 ? "bad" : status >= 400 ? "warn" : "good");

export function Status({ request: { statusCode, errorCode } }: { request: RequestRow }) {
  const why = statusCode >= 400 && errorCode !== null ? ` ${classifyError(errorCode).title}` : "";
  return (
    <Badge tone={toneOf(statusCode)}>
      {statusCode}
      {why}
    </Badge>
  );
}

/** The tool or the method, or what was asked of the gateway itself. */
export function What({ request: { method, path, mcpMethod, toolName } }: { request: RequestRow }) {
  if (toolName !== null) return <code>{toolName}</code>;
  return <code>{mcpMethod ?? `${method} ${path}`}</code>;
}

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
