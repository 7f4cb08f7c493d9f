/** The clients of the collectors that the settings of tenants and of the system name. Loaded when there is something to send. */
import type { Keyring } from "./core/keyring.ts";
import type { Config } from "./env.ts";
import { createOtlpClient, type OtlpClient } from "./logs/otlp-client.ts";
import { createTraceSender, type TraceExporter } from "./logs/trace-exporter.ts";
import { openSetting } from "./policy/settings.ts";
import { PRODUCT_NAME, PRODUCT_VERSION } from "./product.ts";
import type { ChannelDeps } from "./upstream/connection/channel.ts";
import { checkUrl } from "./upstream/connection/url-guard.ts";

export const createCollectorClient = (
  { environment }: Config,
  keyring: Keyring,
  { fetch, urlPolicy }: Pick<ChannelDeps, "fetch" | "urlPolicy">,
): OtlpClient =>
  createOtlpClient({
    ...{ fetch, environment },
    open: (tenantId, sealed) =>
      openSetting(keyring, { tenantId, key: "telemetry.otlp.authorization" }, sealed),
    isAllowedUrl: (url) => checkUrl(url, urlPolicy).ok,
    service: { name: PRODUCT_NAME, version: PRODUCT_VERSION },
  });

export const createTraceExporter = (...client: Parameters<typeof createCollectorClient>): TraceExporter =>
  createTraceSender(createCollectorClient(...client), Date.now);
