/**
 * Signs what is sent to webhooks as Standard Webhooks has it: HMAC-SHA256 over id, time and body, under every secret that
 * counts, so that a receiver can change over from an old one in its own time.
 */

const SECRET_PREFIX = "whsec_";

/** As people copy it into a receiver. */
export function createSigningSecret(random: Uint8Array = crypto.getRandomValues(new Uint8Array(32))): string {
  return SECRET_PREFIX + btoa(String.fromCharCode(...random));
}

export interface SignedMessage {
  readonly id: string;
  readonly at: Date;
  readonly body: string;
}

export async function signatureHeaders(
  secrets: readonly string[],
  { id, at, body }: SignedMessage,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = await Promise.all(secrets.map((secret) => sign(secret, `${id}.${timestamp}.${body}`)));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.map((signature) => `v1,${signature}`).join(" "),
  };
}

async function sign(secret: string, text: string): Promise<string> {
  const bytes = Uint8Array.from(atob(secret.slice(SECRET_PREFIX.length)), (character) =>
    character.charCodeAt(0),
  );
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}
