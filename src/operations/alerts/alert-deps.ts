/** The dependencies of alert evaluation and notification. */
import type { Keyring } from "../../core/keyring.ts";
import type { Database } from "../../db/client.ts";
import type { UrlPolicy } from "../../upstream/connection/url-guard.ts";

/** One message of the queue: deliveries to be made. */
export interface AlertJob {
  readonly deliveries: readonly string[];
}

/** The part of a queue's binding that this takes. */
export interface AlertQueue {
  sendBatch(messages: Iterable<{ body: AlertJob; delaySeconds?: number }>): Promise<unknown>;
}

export interface AlertDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly fetch: typeof fetch;
  readonly urlPolicy: UrlPolicy;
  readonly sendMail: (mail: { to: string; subject: string; text: string }) => Promise<void>;
  readonly queue: AlertQueue;
  /** The origin of the admin pages, for links in notifications. */
  readonly publicUrl: string;
  readonly now: () => number;
}
