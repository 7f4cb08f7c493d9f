/** Sends one notification through one channel: a webhook, only to addresses that the URL guard allows, or an email. */

import { type AlertChannel, PAGERDUTY_URL } from "../../core/alerts/channels.ts";
import { type AlertMessage, formatAlertEmail } from "../../core/alerts/messages.ts";
import { signatureHeaders } from "../../core/alerts/signature.ts";
import { toPagerDutyEvent, toSlackPayload, toTeamsPayload } from "../../core/alerts/webhook-formats.ts";
import type { RowOwner } from "../../db/queries/shared/crud.ts";
import { checkUrl } from "../../upstream/connection/url-guard.ts";
import type { AlertDeps } from "./alert-deps.ts";
import { loadSecrets } from "./signing-secret.ts";

const WEBHOOK_TIMEOUT_MS = 10_000;
const GONE_STATUSES = 410;

export interface NotificationResult {
  readonly ok: boolean;
  /** What went wrong, without any content of the response: its URL may be one that the caller must not read. */
  readonly says: string;
  /** Trying again would not help. */
  readonly isFinal: boolean;
}

export interface Notification {
  /** The same each time that it is tried. */
  readonly id: string;
  readonly owner: RowOwner;
  readonly channel: AlertChannel;
  readonly message: AlertMessage;
}

const delivered: NotificationResult = { ok: true, says: "Delivered.", isFinal: true };
const failed = (says: string, isFinal = false): NotificationResult => ({ ok: false, says, isFinal });

export async function sendNotification(
  deps: AlertDeps,
  notification: Notification,
): Promise<NotificationResult> {
  const { channel, message } = notification;
  switch (channel.type) {
    case "webhook":
      return channel.format === "slack" || channel.format === "teams"
        ? post(deps, channel.url, { body: formatChat(message, channel.format) })
        : callSignedWebhook(deps, channel.url, notification);
    case "pagerduty": {
      const body = JSON.stringify(toPagerDutyEvent(message, channel.routingKey));
      return post(deps, channel.url ?? PAGERDUTY_URL, { body });
    }
    case "email":
      try {
        await deps.sendMail(formatAlertEmail(channel.to, message));
        return delivered;
      } catch {
        return failed("The email could not be sent.");
      }
  }
}

const formatChat = (message: AlertMessage, format: "slack" | "teams") =>
  JSON.stringify(format === "slack" ? toSlackPayload(message) : toTeamsPayload(message));

async function callSignedWebhook(
  deps: AlertDeps,
  url: string,
  { id, owner, message }: Notification,
): Promise<NotificationResult> {
  const at = new Date(deps.now());
  const body = JSON.stringify(message);
  const secrets = await loadSecrets(deps.database.asSystem(), deps.keyring, owner, at);
  return post(deps, url, { body, headers: await signatureHeaders(secrets, { id, at, body }) });
}

async function post(
  deps: AlertDeps,
  url: string,
  { body, headers = {} }: { readonly body: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<NotificationResult> {
  const decision = checkUrl(url, deps.urlPolicy);
  if (!decision.ok) return failed(`The URL ${decision.reason}.`, true);
  try {
    const response = await deps.fetch(decision.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return delivered;
    // Redirects are not followed, because the target may be reachable only from inside.
    if (response.status >= 300 && response.status < 400)
      return failed("The URL redirects; redirects are not followed.");
    return failed(`HTTP ${response.status}.`, response.status === GONE_STATUSES);
  } catch {
    return failed("Unreachable, or no response in time.");
  }
}
