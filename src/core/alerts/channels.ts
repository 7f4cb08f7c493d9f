/** The destinations of alert notifications, as the API stores them and as the form writes them, one per line. */

export const WEBHOOK_FORMATS = ["json", "slack", "teams"] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export const ALERT_CHANNELS = ["webhook", "email", "pagerduty"] as const;

export type AlertChannel =
  | {
      readonly type: "webhook";
      readonly url: string;
      /** Stored channels from before the formats existed have none: `json`. */
      readonly format?: WebhookFormat | undefined;
    }
  | { readonly type: "email"; readonly to: string }
  /** The Events API v2. */
  | { readonly type: "pagerduty"; readonly routingKey: string; readonly url?: string | undefined };

export const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";

/** Hosts whose webhooks take only their own format. */
const HOST_FORMATS: readonly (readonly [suffix: string, format: WebhookFormat])[] = [
  ["hooks.slack.com", "slack"],
  ["webhook.office.com", "teams"],
  ["logic.azure.com", "teams"],
  ["api.powerplatform.com", "teams"],
];

function formatOfHost(url: string): WebhookFormat {
  const host = URL.parse(url)?.hostname ?? "";
  return HOST_FORMATS.find(([suffix]) => host === suffix || host.endsWith(`.${suffix}`))?.[1] ?? "json";
}

/** Example: `ops@example.com`, `https://hooks.slack.com/services/…`, `teams https://…`, `pagerduty KEY`. */
export function parseChannel(line: string): AlertChannel {
  const [first = "", second, third] = line.trim().split(/\s+/);
  if (first === "pagerduty") {
    const url = third === undefined ? {} : { url: third };
    return { type: "pagerduty", routingKey: second ?? "", ...url };
  }
  const format = WEBHOOK_FORMATS.find((known) => known === first);
  if (format !== undefined) return { type: "webhook", url: second ?? "", format };
  if (!first.includes("://")) return { type: "email", to: line.trim() };
  return { type: "webhook", url: first, format: formatOfHost(first) };
}

export function formatChannel(channel: AlertChannel): string {
  switch (channel.type) {
    case "email":
      return channel.to;
    case "pagerduty":
      return ["pagerduty", channel.routingKey, ...(channel.url === undefined ? [] : [channel.url])].join(" ");
    case "webhook": {
      const { url, format = "json" } = channel;
      return format === formatOfHost(url) ? url : `${format} ${url}`;
    }
  }
}

/** For lists and delivery reports: without the secret that the address of a channel may hold. */
export function describeChannel(channel: AlertChannel): string {
  switch (channel.type) {
    case "email":
      return channel.to;
    case "pagerduty":
      return `PagerDuty (…${channel.routingKey.slice(-4)})`;
    case "webhook":
      return URL.parse(channel.url)?.host ?? channel.url;
  }
}
