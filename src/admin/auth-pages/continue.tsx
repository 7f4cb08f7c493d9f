/**
 * The way on after a form, where a redirect will not do: browsers hold every hop after a form to form-action, and ours
 * names no address but our own. So the answer is a page that goes on by itself, or by its link.
 */
import type { Context } from "hono";
import type { Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

/** `to` must have been judged by the caller: a path of ours, or what the OAuth server has answered. */
export function continueTo(c: Context, frame: Frame, to: string) {
  const staysHere = to.startsWith("/") && !to.startsWith("/api/");
  if (staysHere) return c.redirect(to, 303);
  return c.html(
    <Page title="Redirecting…" frame={frame} narrow continueTo={to}>
      <p>
        If you are not redirected, <a href={to}>continue here</a>.
      </p>
    </Page>,
  );
}
