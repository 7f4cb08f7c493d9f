/**
 * Posts traces, metrics and logs to collectors, as OTLP over HTTP in JSON. What a collector does not take is lost and
 * reported once: telemetry is for looking at, the records are in the database.
 */
import type { Collector } from "../core/settings/tracing.ts";
import type { Attributes, OtlpScope } from "../core/telemetry/otlp.ts";
import { writeLogLine } from "./log-line.ts";

export interface OtlpClientDeps {
  readonly fetch: typeof fetch;
  /** The secret in clear; undefined where it cannot be opened. */
  readonly open: (owner: string | null, sealed: string) => Promise<string | undefined>;
  /** An admin configures the endpoint, so it must not lead to a private network. */
  readonly isAllowedUrl: (url: string) => boolean;
  readonly service: OtlpScope;
  readonly environment: string;
}

export type OtlpSignal = "traces" | "metrics" | "logs";

export interface OtlpClient {
  readonly resource: Attributes;
  readonly scope: OtlpScope;
  /** Never throws. */
  post(collector: Collector, signal: OtlpSignal, body: object): Promise<void>;
}

export const EXPORT_TIMEOUT_MS = 10_000;

export function createOtlpClient(deps: OtlpClientDeps): OtlpClient {
  const failed = (reason: string) =>
    writeLogLine({ level: "warn", log: "failure", work: "export telemetry", reason });
  const send = async ({ endpoint, owner, authorization }: Collector, signal: OtlpSignal, body: object) => {
    if (!deps.isAllowedUrl(endpoint)) return failed("the collector URL is not allowed");
    const secret = authorization && (await deps.open(owner, authorization.sealed));
    const response = await deps.fetch(`${endpoint}/v1/${signal}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(secret !== undefined && { authorization: secret }),
      },
      body: JSON.stringify(body),
      // A collector that leads elsewhere would lead the secret there.
      redirect: "manual",
      signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) failed(`the collector returned HTTP ${response.status} for ${signal}`);
  };
  return {
    resource: {
      "service.name": deps.service.name,
      "service.version": deps.service.version,
      "deployment.environment.name": deps.environment,
    },
    scope: deps.service,
    post: (collector, signal, body) =>
      send(collector, signal, body).catch(() => failed("the collector is unreachable")),
  };
}
