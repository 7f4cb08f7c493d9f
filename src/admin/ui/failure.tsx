/** What went wrong, as a page: what it is, what to do, and the number under which it stands in the log. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  ConfigurationError,
  errorHeaders,
  findGatewayError,
  type GatewayError,
  NotFoundError,
} from "../../core/errors.ts";
import { logFailure } from "../../logs/log-failure.ts";
import { ApiError } from "../http/api-client.ts";
import { signInUrl } from "../http/page-context.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "./frame.ts";
import { Page } from "./layout.tsx";

/** What page to make is known once it is known who is there; before that, middleware/errors.ts answers. */
export async function failurePage(thrown: Error, c: Context): Promise<Response | undefined> {
  if (c.get("formToken") === undefined) return undefined;
  const error = isUnknownId(thrown, c) ? new NotFoundError() : findGatewayError(thrown);
  if (error instanceof ConfigurationError) return undefined;
  if (error.code === "unauthorized") return c.redirect(signInUrl(c.req.path), 303);
  const requestId = error instanceof ApiError ? error.requestId : c.get("requestId");
  if (error.status >= 500 && !(error instanceof ApiError)) {
    logFailure(error, { requestId, method: c.req.method, path: c.req.path });
  }
  for (const [name, value] of Object.entries(errorHeaders(error))) c.header(name, value);
  return c.html(<FailurePage c={c} error={error} requestId={requestId} />, statusOf(error));
}

/** The API rejects an ID in the page's path as invalid: no such page exists. An ID in the query is the user's input. */
function isUnknownId(thrown: Error, c: Context): boolean {
  if (!(thrown instanceof ApiError) || c.req.method !== "GET" || thrown.errors.length === 0) return false;
  return thrown.errors.every(({ path }) => /^(?:id|\w+Id)$/.test(path) && c.req.query(path) === undefined);
}

/** The statuses that have a page, as Hono's types require them. */
const STATUSES = [400, 403, 404, 409, 412, 413, 422, 429, 502, 503, 504] satisfies ContentfulStatusCode[];

const statusOf = ({ status }: GatewayError): ContentfulStatusCode =>
  STATUSES.find((known) => known === status) ?? 500;

function FailurePage({
  c,
  error,
  requestId,
}: {
  c: Context<PageEnv>;
  error: GatewayError;
  requestId: string;
}) {
  return (
    <Page title={error.title} frame={buildFrame(c)}>
      <div class="card">
        <p>{error.message}</p>
        {error instanceof ApiError && error.errors.length > 0 && (
          <ul>
            {error.errors.map(({ path, message }) => (
              <li>
                {path} {message}
              </li>
            ))}
          </ul>
        )}
        {error.code === "forbidden" && (
          <p class="quiet-text">Ask an organization admin for the missing permission.</p>
        )}
        <p class="quiet-text">
          Request ID: <code>{requestId}</code>
        </p>
      </div>
    </Page>
  );
}
