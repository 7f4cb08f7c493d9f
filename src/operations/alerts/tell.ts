/** One telling by one channel: a signed webhook, to addresses only that the guard lets through, or a letter. */

import { type AlertChannel, type AlertMessage, formatAlertEmail } from "../../core/alerts/messages.ts";
import { signatureHeaders } from "../../core/alerts/signature.ts";
import type { Owner } from "../../db/queries/rows.ts";
import { judgeUrl } from "../../upstream/url-guard.ts";
import type { AlertParts } from "./parts.ts";
import { secretsOf } from "./secret.ts";

const PATIENCE_MS = 10_000;
const GONE = 410;

export interface Told {
  readonly ok: boolean;
  /** What went wrong, without anything that the other side has said: it may be a place that the asker must not see. */
  readonly says: string;
  /** Trying again would not help. */
  readonly isFinal: boolean;
}

export interface Telling {
  /** The same each time that it is tried. */
  readonly id: string;
  readonly owner: Owner;
  readonly channel: AlertChannel;
  readonly message: AlertMessage;
}

const told: Told = { ok: true, says: "It was taken.", isFinal: true };
const failed = (says: string, isFinal = false): Told => ({ ok: false, says, isFinal });

export async function tell(parts: AlertParts, telling: Telling): Promise<Told> {
  const { channel, message } = telling;
  switch (channel.type) {
    case "webhook":
      return callWebhook(parts, channel.url, telling);
    case "email":
      try {
        await parts.sendMail(formatAlertEmail(channel.to, message));
        return told;
      } catch {
        return failed("The mail could not be sent.");
      }
  }
}

async function callWebhook(parts: AlertParts, url: string, { id, owner, message }: Telling): Promise<Told> {
  const verdict = judgeUrl(url, parts.urlPolicy);
  if (!verdict.ok) return failed(`The address ${verdict.reason}.`, true);
  const at = new Date(parts.now());
  const body = JSON.stringify(message);
  const secrets = await secretsOf(parts.database.asSystem(), parts.keyring, owner, at);
  try {
    const answer = await parts.fetch(verdict.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(await signatureHeaders(secrets, { id, at, body })) },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await answer.body?.cancel();
    if (answer.ok) return told;
    // Whoever leads elsewhere might lead to where only we can reach.
    if (answer.status >= 300 && answer.status < 400) return failed("It redirects, which is not followed.");
    return failed(`It answered ${answer.status}.`, answer.status === GONE);
  } catch {
    return failed("It could not be reached, or did not answer in time.");
  }
}
