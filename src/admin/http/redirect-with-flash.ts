/** Redirects after a form submission and shows the result on the target page. */
import type { Context } from "hono";
import type { Sent } from "./api-client.ts";
import { setFlash } from "./flash.ts";
import type { Flash } from "./flash-message.ts";
import type { AdminEnv } from "./page-env.ts";

interface Settled {
  readonly says: string;
  readonly back: string;
  readonly undo?: NonNullable<Flash["undo"]>;
  /** Where it is gone: nothing is left to come back to. */
  readonly otherwise?: string;
}

/** What one may not do at all is a page of its own (ui/failure.tsx). */
export async function redirectWithFlash(
  c: Context<AdminEnv>,
  sent: Sent,
  { says, back, undo, otherwise }: Settled,
) {
  if (!sent.ok && (sent.refusal.status === 401 || sent.refusal.status === 403)) throw sent.refusal;
  await setFlash(
    c,
    sent.ok ? { says, ...(undo && { undo }) } : { says: messageFor(sent.refusal), bad: true },
  );
  return c.redirect(sent.ok ? back : (otherwise ?? back), 303);
}

const messageFor = ({
  message,
  errors,
}: {
  message: string;
  errors: readonly { path: string; message: string }[];
}) =>
  errors.length === 0
    ? message
    : errors.map((fault) => `${fault.path.slice(1)} ${fault.message}`).join(" · ");
